"""Uses qmp-shell as a person at a terminal does: completes commands with the tab key, runs a job, looks at its events.

Usage: qmp_shell.py <path of qmp-shell> <socket>. Prints what the terminal showed; ends with 1 when something does not come in time.
"""

import os
import pty
import select
import signal
import sys
import time

DEADLINE = time.monotonic() + 40


def main(shell: str, socket: str) -> None:
    process, terminal = pty.fork()
    if process == 0:
        os.execv(shell, [shell, socket])
    shown = b""

    def wait_for(text: str, since: int) -> int:
        """Reads until the terminal has shown `text` after position `since`; gives the position after it."""
        nonlocal shown
        while text.encode() not in shown[since:]:
            readable, _, _ = select.select([terminal], [], [], max(0.0, DEADLINE - time.monotonic()))
            try:
                data = os.read(terminal, 65536) if readable else b""
            except OSError:
                data = b""
            if not data:
                sys.exit(f"{text!r} did not come; the terminal showed:\n{shown.decode(errors='replace')}")
            shown += data
        return shown.index(text.encode(), since) + len(text)

    def say(text: str) -> None:
        os.write(terminal, text.encode())

    def answer(command: str, wanted: str) -> None:
        """Types a command and waits for what it must show, and for the next prompt: what is typed earlier is not read by readline."""
        since = len(shown)
        say(command)
        wait_for("(QEMU) ", wait_for(wanted, since))

    wait_for("(QEMU) ", 0)
    # Two candidates: the list is shown, and the prompt again.
    answer("query-block\t\t", "query-block-jobs")
    answer("\n", '{"')
    # Each of these is completed by one tab.
    answer('blockdev-cr\t job-id=c options={"driver":"file","filename":"new.raw","size":65536}\n', '{"return": {}}')
    # An empty line shows the events that have come.
    since = len(shown)
    while b"concluded" not in shown[since:]:
        answer("\n", "\n")
    answer("query-jo\t\n", '"total-progress": 1')
    answer("job-dis\t id=c\n", '{"return": {}}')
    say("\x04")
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > DEADLINE:
            os.kill(process, signal.SIGKILL)
            sys.exit(f"qmp-shell does not end; the terminal showed:\n{shown.decode(errors='replace')}")
        # A process that ends writes what is left: nobody else reads it.
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                shown += os.read(terminal, 65536)
            except OSError:
                pass
    print(shown.decode(errors="replace"))
    sys.exit(os.waitstatus_to_exitcode(status))


main(*sys.argv[1:])
