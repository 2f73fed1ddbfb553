#pragma once

#include <memory>

namespace contrail::inline v0::hooks {

/// Gives this thread a stack for its signal handlers, with a page below that nobody may touch,
/// unless it has one; taken back on the same thread. nullptr if there was one already.
std::shared_ptr<void> make_signal_stack();

}  // namespace contrail::inline v0::hooks
