// A protocol of lines and lengths: "echo 5", then five bytes; "quit" ends it. What one read brings
// too much of is the next one's.
#include <contrail/contrail.h>
#include <fmt/core.h>

using namespace contrail;

Promise<> serve(Pipe pipe) {
  StreamReader reader(pipe);
  while (const auto line = co_await reader.read_line()) {
    if (*line == "quit") break;
    const auto size = static_cast<std::size_t>(std::stoi(line->substr(5)));
    std::vector<std::string> answer;
    answer.push_back("you said ");
    answer.push_back(co_await reader.read_exactly(size));
    answer.push_back("\r\n");
    co_await pipe.writev(std::move(answer));
  }
}

Promise<> ask(Pipe pipe) {
  co_await pipe.write("echo 5\r\nhelloecho 2\nhiquit\n");
  StreamReader reader(pipe);
  while (const auto line = co_await reader.read_line()) fmt::print("{}\n", *line);
}

int main() {
  Loop loop;
  auto [ours, theirs] = Pipe::pair();
  serve(std::move(ours)).detach();
  ask(std::move(theirs)).detach();
  loop.run();
}
