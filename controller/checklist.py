"""What everybody reads before they are tilted: with which conditions nobody should. The one place where it stands.

No diagnosis: nobody is asked which of these they have, and nothing of it is stored. Who accepts says "I have read it".
From the contraindications of docs/domain.md (makers' manuals, Teeter XT1 and others); the list is not complete.
"""

from typing import Final

from .account import DAY_S

VALID_S: Final = 90 * DAY_S
"""Chosen: health changes within a season, and nobody reads a list that is shown every day."""
ADVICE: Final = (
    "Ask a doctor before you use the table, and again when anything of this changes. "
    "The list is not complete. Nobody should invert alone."
)
CONTRAINDICATIONS: Final = (
    ("Nerves and brain", ("seizures", "dizziness", "brain injury or bleeding", "TIA", "stroke")),
    ("Heart and blood", ("heart disease", "high blood pressure", "blood thinners")),
    ("Bones and joints", ("osteoporosis", "fractures", "implants", "swollen joints")),
    ("Eyes and ears", ("glaucoma", "detached retina", "conjunctivitis", "infection of the middle ear")),
    ("Belly", ("hiatal or ventral hernia",)),
    ("Pregnancy", ("pregnancy",)),
    ("In general", ("whatever gets worse with higher pressure in vessels or skull, or with load while hanging",)),
)
"""Where, and what."""


def text() -> str:
    """The list as lines for a person, and what to do."""
    lines = [f"{where}: {', '.join(conditions)}" for where, conditions in CONTRAINDICATIONS]
    return "\n".join(("Do not use the table with any of these:", "", *lines, "", ADVICE))
