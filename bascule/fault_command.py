"""`bascule fault`: break something in a simulator that runs elsewhere."""

import json
import socket
from pathlib import Path
from typing import Annotated, Any

import typer

from simulator.faults import KINDS, Kind
from simulator.hands import WORDS, help_text

from .remote_hands import HandsError, ask, socket_path
from .say import JsonOption, fail

app = typer.Typer(add_completion=False)


@app.command(context_settings={"ignore_unknown_options": True})
def fault(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[KIND [AMOUNT] [FOR]]", help="stall 5s, off, estop on, …")
    ] = None,
    pty: Annotated[Path | None, typer.Option(metavar="LINK", help="Of the simulator that serves there.")] = None,
    tcp: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Of the simulator that serves there.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Break something in a running 'bascule simulate'; without a kind: what there is."""
    if not words:
        if as_json:
            print(json.dumps([_kind_as_json(kind) for kind in KINDS], ensure_ascii=False, indent=1))  # noqa: T201
        else:
            print(help_text())  # noqa: T201
        return
    if (pty is None) == (tcp is None):
        fail("Name the simulator that is meant: --pty LINK or --tcp HOST:PORT, as it was begun with.", 2)
    if not hasattr(socket, "AF_UNIX"):
        fail("This system has no local sockets for that; type the line into the simulator's own terminal.")
    line = " ".join(words if words[0] in WORDS else ["fault", *words])
    try:
        done, answer = ask(socket_path(pty, tcp), line)
    except HandsError as error:
        fail(f"{error}.")
    if not done:
        fail(answer)
    print(json.dumps({"answer": answer}, ensure_ascii=False) if as_json else answer)  # noqa: T201


def _kind_as_json(kind: Kind) -> dict[str, Any]:
    """A kind of fault for machines; `here` says whether `bascule simulate` can do it by itself."""
    return {
        "kind": kind.name, "layer": str(kind.layer), "faults": list(kind.ids), "meaning": kind.meaning,
        "amount": None if kind.amount is None else kind.amount._asdict(), "for_s": kind.for_s or None,
        "here": kind.make is not None, "by_hand": kind.by_hand or None,
    }  # fmt: skip
