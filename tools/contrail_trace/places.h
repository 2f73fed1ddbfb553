#pragma once

#include <vector>

#include "tools/contrail_trace/recording.h"

namespace contrail::trace {

/// Sets Group::short_file: without the directories that all files have in common.
void shorten_files(std::vector<Group>& groups);

}  // namespace contrail::trace
