import os
import signal
import sys
import time
from typing import Annotated

from graph.declare import Choice, Context, Files, Multiline, Range, Seed, node
from graph.types import Socket

Text = Annotated[str, Socket("TEXT")]
# The smallest JPEG that says what it is; nobody decodes it here.
JPEG = b"\xff\xd8\xff\xd9"


@node("Text", category="test", aliases={"OtherText": {"content": "text"}})
def text(text: str = "hello") -> Text:
    return text


@node("Seeded", category="test")
def seeded(text: Annotated[str, Multiline(prompt=True)] = "", seed: Seed = 0) -> Text:
    return f"{text} {seed}"


@node("Join", category="test")
def join(first: Text, second: Text) -> Text:
    return first + second


@node("Pass", category="test")
def pass_on(text: Text) -> Text:
    return text


@node("Show", category="test", output_node=True)
def show(ctx: Context, text: Text) -> None:
    ctx.show("text", [text])


@node("Count", category="test")
def count(
    ctx: Context, steps: Annotated[int, Range(1, 1000)] = 3, letter: Annotated[str, Choice(("a", "b"))] = "a"
) -> Text:
    for step in range(steps):
        ctx.progress(step + 1, steps, JPEG)
    return letter * steps


@node("Sleep", category="test")
def sleep(ctx: Context, seconds: Annotated[float, Range(0, 600)] = 1.0, text: str = "") -> Text:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ctx.check()
        time.sleep(0.02)
    return text


@node("Fail", category="test")
def fail(text: Text) -> Text:
    raise ValueError(f"cannot work with {text!r}")


@node("Quit", category="test")
def quit_process(code: Annotated[int, Range(0, 255)] = 3) -> Text:
    """End the whole process, as a fatal error in native code does."""
    print("something terrible happened")
    sys.stdout.flush()
    os._exit(code)


@node("Signal", category="test")
def send_signal(number: Annotated[int, Range(1, 64)] = int(signal.SIGSEGV)) -> Text:
    os.kill(os.getpid(), number)
    time.sleep(60)
    return ""


@node("Environment", category="test")
def environment(prefix: str = "") -> Text:
    return " ".join(name for name in os.environ if name.startswith(prefix))


@node("Odd", category="test", output_node=True)
def odd(ctx: Context, kind: Annotated[str, Choice(("key", "object", "number", "bytes"))] = "key") -> None:
    """Show something that cannot be written as JSON."""
    values = {"key": {(1, 2): 3}, "object": object(), "number": 2**70, "bytes": b"\xff"}
    ctx.show("odd", [values[kind]])


@node("Checkpoint", category="test")
def checkpoint(name: Annotated[str, Files("checkpoints")]) -> Text:
    return name
