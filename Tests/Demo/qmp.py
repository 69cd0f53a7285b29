"""A QMP client of one screen, on the standard library only."""

import json
import socket


class QMPError(Exception):
    """An error reply."""


class QMP:
    """One connection. `show` gets every message that passes, with its direction."""

    def __init__(self, path, show=lambda direction, message: None):
        self.show = show
        self.events = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rb")
        self.receive()
        self.execute("qmp_capabilities")

    def close(self):
        self.stream.close()
        self.socket.close()

    def receive(self):
        line = self.stream.readline()
        if not line:
            raise QMPError("the daemon has closed the connection")
        message = json.loads(line)
        self.show("<-", message)
        return message

    def execute(self, command, **arguments):
        """Sends a command and returns what it returns; `_` in a keyword stands for `-`."""
        request = {"execute": command}
        if arguments:
            request["arguments"] = {name.replace("_", "-"): value for name, value in arguments.items()}
        self.show("->", request)
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            message = self.receive()
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                raise QMPError(f"{command}: {message['error']['desc']}")
            else:
                return message["return"]

    def next_event(self, timeout):
        """The next event, or None when none comes in time."""
        if self.events:
            return self.events.pop(0)
        self.socket.settimeout(timeout)
        try:
            return self.receive()
        except (TimeoutError, socket.timeout):
            # A buffered reader is unusable after a timeout.
            self.stream = self.socket.makefile("rb")
            return None
        finally:
            self.socket.settimeout(60)
