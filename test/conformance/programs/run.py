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
from pathlib import Path

SECONDS_MAX = 60


def read_to_end(connection):
    while connection.recv(65536):
        pass


def say_ping_to_it(program, port):
    with socket.create_connection(("127.0.0.1", port), SECONDS_MAX) as peer:
        peer.sendall(b"ping")
        assert peer.recv(4) == b"ping"
        peer.shutdown(socket.SHUT_WR)
        read_to_end(peer)


def answer_its_greeting(program, port):
    with socket.create_connection(("127.0.0.1", port), SECONDS_MAX) as peer:
        assert peer.recv(5) == b"hello"
        peer.sendall(b"x")
        read_to_end(peer)


def answer_its_end(program, connection):
    read_to_end(connection)
    connection.sendall(b"late")


def read_once_it_says_so(program, connection):
    assert program.stdout.readline() == "go\n"
    read_to_end(connection)


def ask_twice_on_one_connection(program, port):
    with socket.create_connection(("127.0.0.1", port), SECONDS_MAX) as peer:
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
           "http/context": ask_twice_on_one_connection}
SERVERS = {"tcp/half_close": answer_its_end, "tcp/large_write": read_once_it_says_so}
DEAF = {"tcp/refused"}
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


def run(name, command):
    if name in KEYBOARDS:
        return run_at_terminal(name, command)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(SECONDS_MAX)
        if name not in DEAF:
            listener.listen()
        program = start(command, listener.getsockname()[1])
        if name in CLIENTS:
            port = int(program.stdout.readline().removeprefix("port "))
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
