#include "test/conformance/suite/generator/makers.h"

#include <stdexcept>

namespace contrail::conformance::generator {

std::vector<Json> make(const std::string& op, Builder& builder, const Place& place) {
  for (const Makers* makers :
       {&context_makers(), &task_makers(), &promise_makers(), &resource_makers()}) {
    if (const auto maker = makers->find(op); maker != makers->end()) {
      return maker->second(builder, place);
    }
  }
  throw std::logic_error("a profile draws an op that nobody makes: " + op);
}

}  // namespace contrail::conformance::generator
