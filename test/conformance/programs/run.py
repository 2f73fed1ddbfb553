"""Runs a program against its peer, and compares its trace with the one recorded from Node.

Usage: run.py TRACE COMMAND...              compares
       run.py --record TRACE node X.mjs     records, if two runs agree

The other end of a connection is in here, not in the program: with both in one process the order of
events would be the kernel's.
"""

import difflib
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS_MAX = 60


def read_to_end(connection):
    while connection.recv(65536):
        pass


def connect(port):
    """To a port of this host, or to a path."""
    if port.isdigit():
        return socket.create_connection(("127.0.0.1", int(port)), SECONDS_MAX)
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(SECONDS_MAX)
    peer.connect(port)
    return peer


def say_ping_to_it(program, port):
    with connect(port) as peer:
        peer.sendall(b"ping")
        assert peer.recv(4) == b"ping"
        peer.shutdown(socket.SHUT_WR)
        read_to_end(peer)


def answer_its_greeting(program, port):
    with connect(port) as peer:
        assert peer.recv(5) == b"hello"
        peer.sendall(b"x")
        read_to_end(peer)


def answer_its_end(program, connection):
    read_to_end(connection)
    connection.sendall(b"late")


def be_reset(program, connection):
    try:
        connection.recv(1)
        sys.exit("the connection was not reset")
    except ConnectionResetError:
        pass


def hear_its_echo(program, connection):
    connection.sendall(b"ping")
    assert connection.recv(5) == b"ping"
    connection.shutdown(socket.SHUT_WR)
    assert connection.recv(1) == b""


def read_once_it_says_so(program, connection):
    assert program.stdout.readline() == "go\n"
    read_to_end(connection)


def ask_twice_on_one_connection(program, port):
    with connect(port) as peer:
        for target in (b"/first", b"/last"):
            peer.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b""
            while not answer.endswith(b"ok"):
                received = peer.recv(65536)
                assert received, "the connection was closed too early"
                answer += received


def type_a_line(program, keyboard):
    assert program.stdout.readline() == "go\n"
    os.write(keyboard, b"line\n")


# What the peer does: with the port that the program says it listens on, or with its connection.
CLIENTS = {"tcp/echo": say_ping_to_it, "tcp/server_close": answer_its_greeting,
           "pipe/echo": say_ping_to_it, "http/context": ask_twice_on_one_connection}
SERVERS = {"tcp/half_close": answer_its_end, "tcp/large_write": read_once_it_says_so,
           "tcp/drain": read_once_it_says_so, "tcp/writev": read_once_it_says_so,
           "tcp/reset": be_reset, "tcp/pipe": hear_its_echo,
           "pipe/half_close": answer_its_end, "pipe/abstract": answer_its_end}
DEAF = {"tcp/refused", "pipe/refused"}
# With the other end of the terminal that is the program's input.
KEYBOARDS = {"tty/read": type_a_line}


def start(command, *arguments, stdin=None):
    return subprocess.Popen([*command, *map(str, arguments)], stdin=stdin,
                            stdout=subprocess.PIPE, text=True)


def run_at_terminal(name, command):
    keyboard, terminal = os.openpty()
    try:
        program = start(command, stdin=terminal)
        KEYBOARDS[name](program, keyboard)
        return finish(name, program)
    finally:
        os.close(keyboard)
        os.close(terminal)


def finish(name, program):
    trace, _ = program.communicate(timeout=SECONDS_MAX)
    if program.returncode != 0:
        sys.exit(f"{name}: the program ended with {program.returncode}")
    return trace


def bound(name, folder):
    """A socket, and what to tell the program: a port or a path, without an abstract name's NUL."""
    if not name.startswith("pipe/"):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        return listener, listener.getsockname()[1]
    listener = socket.socket(socket.AF_UNIX)
    path = f"{folder}/socket"
    listener.bind("\0" + path if name == "pipe/abstract" else path)
    return listener, path


def run(name, command):
    if name in KEYBOARDS:
        return run_at_terminal(name, command)
    with tempfile.TemporaryDirectory() as folder:
        listener, told = bound(name, folder)
        with listener:
            return run_beside(listener, told, name, command)


def run_beside(listener, told, name, command):
    listener.settimeout(SECONDS_MAX)
    if name not in DEAF:
        listener.listen()
    program = start(command, told)
    if name in CLIENTS:
        port = program.stdout.readline().strip().removeprefix("port ")
        CLIENTS[name](program, port)
    elif name in SERVERS:
        with listener.accept()[0] as connection:
            connection.settimeout(SECONDS_MAX)
            SERVERS[name](program, connection)
    return finish(name, program)


def main(arguments):
    record = arguments[0] == "--record"
    golden, *command = arguments[record:]
    golden = Path(golden)
    name = f"{golden.parent.name}/{golden.stem}"
    trace = run(name, command)
    if record:
        if run(name, command) != trace:
            sys.exit(f"{name}: two runs differ; not recorded")
        golden.write_text(trace)
        return
    expected = golden.read_text()
    if trace != expected:
        lines = (text.splitlines() for text in (expected, trace))
        print(*difflib.unified_diff(*lines, "Node", "contrail", lineterm="", n=99), sep="\n")
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
