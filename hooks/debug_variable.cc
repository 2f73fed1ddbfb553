#include "hooks/debug_variable.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace contrail::inline v0::hooks {

namespace {

bool matches(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    return matches(text, pattern.substr(1)) || (!text.empty() && matches(text.substr(1), pattern));
  }
  return !text.empty() &&
         std::tolower(static_cast<unsigned char>(pattern.front())) == text.front() &&
         matches(text.substr(1), pattern.substr(1));
}

}  // namespace

bool switched_on(std::string_view name) {
  const char* variable = std::getenv("CONTRAIL_DEBUG");
  std::string_view list = variable ? variable : "";
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (matches(name, list.substr(0, comma))) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace contrail::inline v0::hooks
