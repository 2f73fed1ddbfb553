#pragma once

#include <exception>
#include <string>

namespace contrail::inline v0::detail {

/// What an exception says of itself.
inline std::string describe(std::exception_ptr error) {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "something that is not a std::exception";
  }
}

}  // namespace contrail::inline v0::detail
