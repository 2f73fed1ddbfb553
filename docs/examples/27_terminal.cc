// A terminal whose keys arrive one by one. It is a pseudo-terminal here, so that the example runs
// anywhere; Tty::from_descriptor(STDIN_FILENO) is what programs have.

#include <contrail/contrail.h>
#include <fmt/core.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

using namespace contrail;

Promise<> play(int descriptor) {
  Tty terminal = Tty::from_descriptor(descriptor);
  const Tty::WindowSize size = terminal.window_size();
  fmt::print("{} columns, {} rows\n", size.columns, size.rows);

  terminal.set_raw_mode(true);  // Until the Tty goes, or the process, in whatever way.
  std::array<std::byte, 16> buffer;
  for (;;) {
    const std::size_t count = co_await terminal.read(buffer);
    const std::string_view keys = as_text(std::span(buffer).first(count));
    if (keys.empty() || keys == "q") break;
    fmt::print("{}\n", keys == "\x1b[A" ? "the cursor goes up" : keys);
  }
  co_await terminal.write("bye\n");
}

int main() {
  int keyboard = -1, line = -1;
  const winsize window{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  if (::openpty(&keyboard, &line, nullptr, nullptr, &window) < 0) return 1;

  Loop loop;
  play(line).detach();
  Tty user = Tty::from_descriptor(keyboard);
  for (std::string_view key : {"a", "\x1b[A", "q"}) {
    user.write(std::string(key), [](auto) {});
    loop.run_once();
  }
  loop.run();
  ::close(keyboard);
  ::close(line);
}
