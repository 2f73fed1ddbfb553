#include "test/conformance/suite/generator/makers.h"

// Printing, control, and ops on AsyncLocalStorage.

namespace contrail::conformance::generator {
namespace {

std::vector<Json> make_log(Builder& builder, const Place&) {
  return {Json::array({"log", builder.label()})};
}

std::vector<Json> make_mark(Builder& builder, const Place&) {
  return {Json::array({"mark", builder.label("M")})};
}

std::vector<Json> make_throw(Builder& builder, const Place&) {
  return {Json::array({"throw", builder.label("E")})};
}

std::vector<Json> make_try(Builder& builder, const Place& place) {
  return {Json::array({"try", builder.list(builder.places.inner(place))})};
}

/// What is performed twice sets no timers, as anywhere where ops may run more than once.
std::vector<Json> make_repeat(Builder& builder, const Place& place) {
  if (place.repeats) return {};
  Place repeated = builder.places.inner(place);
  repeated.repeats = true;
  const int count = builder.random.integer(1, 2);
  return {Json::array({"repeat", count, builder.list(repeated)})};
}

std::vector<Json> make_run(Builder& builder, const Place& place) {
  if (builder.storages.empty()) return {};
  const std::string& storage = builder.random.pick(builder.storages);
  const int store = builder.value();
  return {Json::array({"run", storage, store, builder.list(builder.places.inner(place))})};
}

std::vector<Json> make_exit(Builder& builder, const Place& place) {
  if (builder.storages.empty()) return {};
  const std::string& storage = builder.random.pick(builder.storages);
  return {Json::array({"exit", storage, builder.list(builder.places.inner(place))})};
}

std::vector<Json> make_enter_with(Builder& builder, const Place&) {
  if (builder.storages.empty()) return {};
  const std::string& storage = builder.random.pick(builder.storages);
  Json store = nullptr;
  if (!builder.random.chance(0.15)) store = builder.value();
  return {Json::array({"enterWith", storage, store})};
}

std::vector<Json> make_disable(Builder& builder, const Place&) {
  if (builder.storages.empty()) return {};
  return {Json::array({"disable", builder.random.pick(builder.storages)})};
}

std::vector<Json> make_with_scope(Builder& builder, const Place& place) {
  if (builder.storages.empty()) return {};
  const std::string& storage = builder.random.pick(builder.storages);
  const int store = builder.value();
  return {Json::array({"withScope", storage, store, builder.list(builder.places.inner(place))})};
}

std::vector<Json> make_open_scope(Builder& builder, const Place&) {
  if (builder.storages.empty()) return {};
  const std::string& storage = builder.random.pick(builder.storages);
  const int store = builder.value();
  return {Json::array({"openScope", storage, store, builder.scopes.define()})};
}

std::vector<Json> make_close_scope(Builder& builder, const Place&) {
  return use(builder.scopes, [](const auto& name) { return Json::array({"closeScope", name}); });
}

}  // namespace

const Makers& context_makers() {
  static const Makers makers = {
      {"log", make_log},
      {"mark", make_mark},
      {"throw", make_throw},
      {"try", make_try},
      {"repeat", make_repeat},
      {"run", make_run},
      {"exit", make_exit},
      {"enterWith", make_enter_with},
      {"disable", make_disable},
      {"withScope", make_with_scope},
      {"openScope", make_open_scope},
      {"closeScope", make_close_scope},
  };
  return makers;
}

}  // namespace contrail::conformance::generator
