"""What the kernel of the tilt unit and the gate of the controller never do, and proofs of it: `python -m proofs`."""
