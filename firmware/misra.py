"""The firmware against MISRA C:2012, as far as the addon of cppcheck knows it: `make misra`.

misra.md lists what deviates and why. Fails on a finding that is not listed there, and on a line that nothing needs.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
LIST = HERE / "misra.md"
FINDING = re.compile(r"^(?P<file>\S+?):(?P<line>\d+): (?P<rule>\S+) (?P<text>.*)$", re.MULTILINE)
DEVIATION = re.compile(r"^\| `(?P<rule>[\w.-]+)` \| (?P<where>[^|]+) \| (?P<why>[^|]+) \|$", re.MULTILINE)
EVERYWHERE = "everywhere"
COMMAND = (
    "cppcheck", "--addon=misra", "--enable=warning,style,performance,portability", "--inline-suppr", "--std=c99",
    "--platform=avr8", "--max-configs=1", "-D__GNUC__=5", "-D__AVR_ATmega328P__", "-Icore", "-q",
    "--template={file}:{line}: {id} {message}", "core", "avr",
)  # fmt: skip


class Finding(NamedTuple):
    """One place that breaks a rule."""

    file: str
    line: str
    rule: str
    text: str


class Deviation(NamedTuple):
    """One rule that is not kept, in a file or everywhere."""

    rule: str
    where: str

    def covers(self, finding: Finding) -> bool:
        """Whether this is the reason for a finding."""
        return self.rule == finding.rule and self.where in (EVERYWHERE, finding.file)


def findings() -> list[Finding]:
    """What cppcheck says of the sources. What is unused there only without the chip's own headers is in the list, too."""
    done = subprocess.run(COMMAND, cwd=HERE, capture_output=True, text=True, timeout=600, check=True)
    found = [Finding(*match.groups()) for match in FINDING.finditer(done.stderr)]
    if not any(finding.rule.startswith("misra") for finding in found):
        raise SystemExit(f"cppcheck ran without its addon for MISRA:\n{done.stderr}")
    return found


def main() -> int:
    """Compare both."""
    if shutil.which("cppcheck") is None:
        print("cppcheck is missing (apt-get install cppcheck): nothing was checked", file=sys.stderr)
        return 2
    listed = [
        Deviation(match["rule"], place.strip(" `"))
        for match in DEVIATION.finditer(LIST.read_text("utf-8"))
        for place in match["where"].split(",")
    ]
    found = findings()
    new = [finding for finding in found if not any(deviation.covers(finding) for deviation in listed)]
    idle = [deviation for deviation in listed if not any(deviation.covers(finding) for finding in found)]
    for finding in new:
        print(f"{finding.file}:{finding.line}: {finding.rule} is not in misra.md: {finding.text}")
    for deviation in idle:
        print(f"misra.md: {deviation.rule} in {deviation.where} does not occur any more")
    print(f"{len(found)} findings, {len(listed)} deviations listed, {len(new)} new, {len(idle)} idle")
    return 1 if new or idle else 0


if __name__ == "__main__":
    sys.exit(main())
