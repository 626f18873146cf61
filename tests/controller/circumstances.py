"""What the first door knows of an ordinary session: nothing that speaks against it. Shared, and never changed."""

from controller.model import Limit, State
from controller.safety import Circumstances

USUAL = Circumstances(
    state=State.RUNNING, age_s=0.02, limit=Limit(30.0, "guest"), continuous_left_s=100.0, allowed_left_s=200.0,
    allowed=Limit(900.0, "hard limit"), reserved_left_s=40.0, broker_down_s=-1.0, local_stop=False, ledger_failed="",
    grant_lost=False,
)  # fmt: skip
