#include "contrail/detail/variable_key.h"

#include <functional>
#include <mutex>
#include <queue>
#include <vector>

#include "contrail/detail/hot_line.h"

namespace contrail::inline v0::detail {
namespace {

/// Hands out the smallest free index, so that a program with few variables stays in the slots.
struct VariableRegistry {
  std::mutex mutex;
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free_indices;
  std::uint32_t next_index = 0;
  std::uint32_t next_uid = 1;
};

VariableRegistry& registry() {
  // Never destroyed: variables with static storage may die after any object here would.
  static auto* instance = new VariableRegistry;
  return *instance;
}

}  // namespace

VariableKey new_variable_key() {
  VariableRegistry& variables = registry();
  std::lock_guard lock(variables.mutex);
  if (variables.next_uid == VariableKey::uids)
    die("contrail: 2^30 context variables have been made");
  VariableKey key{variables.next_index, variables.next_uid++};
  if (variables.free_indices.empty()) {
    ++variables.next_index;
  } else {
    key.index = variables.free_indices.top();
    variables.free_indices.pop();
  }
  return key;
}

void free_variable_key(VariableKey key) noexcept {
  VariableRegistry& variables = registry();
  std::lock_guard lock(variables.mutex);
  variables.free_indices.push(key.index);
}

}  // namespace contrail::inline v0::detail
