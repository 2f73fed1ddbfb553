#include "test/conformance/suite/generator/makers.h"

// Printing, errors, and ops on AsyncLocalStorage.

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

}  // namespace

const Makers& context_makers() {
  static const Makers makers = {
      {"log", make_log},
      {"mark", make_mark},
      {"throw", make_throw},
      {"try", make_try},
      {"run", make_run},
      {"exit", make_exit},
      {"enterWith", make_enter_with},
      {"disable", make_disable},
  };
  return makers;
}

}  // namespace contrail::conformance::generator
