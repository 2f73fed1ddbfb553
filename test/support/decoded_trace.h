#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

/// A message as `protoc --decode` prints it. Fields without a name are ones the schema lacks.
struct DecodedMessage {
  std::multimap<std::string, DecodedMessage> fields;
  std::string value;  ///< Of a field that is no message; without quotes.

  std::vector<const DecodedMessage*> all(const std::string& name) const {
    std::vector<const DecodedMessage*> found;
    for (auto [at, end] = fields.equal_range(name); at != end; ++at) found.push_back(&at->second);
    return found;
  }
  bool has(const std::string& name) const { return fields.contains(name); }
  /// One that is not there: an empty one.
  const DecodedMessage& operator[](const std::string& name) const {
    static const DecodedMessage none;
    const auto found = fields.find(name);
    return found == fields.end() ? none : found->second;
  }
  unsigned long long number() const { return value.empty() ? 0 : std::stoull(value); }
};

/// What protoc makes of a file that hooks::PerfettoTrace wrote.
class DecodedTrace {
 public:
  static bool is_possible() { return std::system("protoc --version >/dev/null 2>&1") == 0; }

  explicit DecodedTrace(const std::filesystem::path& file) {
    const std::string folder = CONTRAIL_TEST_DIR "/unit/hooks";
    const std::string command = "protoc --decode=perfetto.protos.Trace -I" + folder +
                                " perfetto_trace.proto < " + file.string() + " 2>&1";
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    char buffer[4096];
    for (std::size_t bytes; (bytes = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
      text_.append(buffer, bytes);
    }
    succeeded_ = ::pclose(pipe) == 0;
    std::string_view rest = text_;
    if (succeeded_) trace_ = parse(rest);
  }

  bool succeeded() const { return succeeded_; }
  const std::string& text() const { return text_; }
  /// Whether there are any that the schema lacks.
  bool has_unknown_fields() const {
    std::istringstream lines(text_);
    for (std::string line; std::getline(lines >> std::ws, line);) {
      if (line[0] >= '0' && line[0] <= '9') return true;
    }
    return false;
  }
  std::vector<const DecodedMessage*> packets() const { return trace_.all("packet"); }
  /// The data of those packets that have it: "track_event", "track_descriptor".
  std::vector<const DecodedMessage*> data(const std::string& kind) const {
    std::vector<const DecodedMessage*> found;
    for (const DecodedMessage* packet : packets()) {
      if (packet->has(kind)) found.push_back(&(*packet)[kind]);
    }
    return found;
  }

 private:
  static DecodedMessage parse(std::string_view& text) {
    DecodedMessage message;
    while (!text.empty()) {
      std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
      if (line == "}") break;
      if (line.ends_with(" {")) {
        message.fields.emplace(line.substr(0, line.size() - 2), parse(text));
      } else if (const auto colon = line.find(": "); colon != line.npos) {
        std::string_view value = line.substr(colon + 2);
        if (value.starts_with('"')) value = value.substr(1, value.size() - 2);
        message.fields.emplace(line.substr(0, colon), DecodedMessage{{}, std::string(value)});
      }
    }
    return message;
  }

  std::string text_;
  bool succeeded_ = false;
  DecodedMessage trace_;
};
