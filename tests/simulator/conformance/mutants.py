class Line:
    def to_unit(self, data: bytes) -> bytes:
        return data
    def from_unit(self, data: bytes) -> bytes:
        return data
