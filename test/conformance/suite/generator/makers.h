#pragma once

#include <map>
#include <string>
#include <vector>

#include "test/conformance/suite/generator/builder.h"

namespace contrail::conformance::generator {

/// Makes an op up for a place: one or more ops, or none where it is not possible.
///
/// What is drawn first is part of what a seed means. So draws stand in statements of their own, or
/// in braces, whose order C++ keeps, and never side by side among the arguments of a call.
using Maker = std::vector<Json> (*)(Builder& builder, const Place& place);
using Makers = std::map<std::string, Maker>;

const Makers& context_makers();
const Makers& task_makers();
const Makers& promise_makers();
const Makers& resource_makers();

/// The op of this name, made up by whoever knows it.
std::vector<Json> make(const std::string& op, Builder& builder, const Place& place);

/// Ops that use a name, if there is one to use.
template <class Make>
std::vector<Json> use(Names& names, Make make_op) {
  const auto name = names.use();
  if (!name) return {};
  return {make_op(*name)};
}

}  // namespace contrail::conformance::generator
