#pragma once

#include <fmt/format.h>

#include "contrail/creation_site.h"
#include "contrail/error.h"
#include "contrail/loop.h"
#include "contrail/resource_info.h"

// Makes Error, ResourceInfo and the like printable with fmt. Ids are integers and print as such.

template <>
struct fmt::formatter<contrail::Error> : fmt::formatter<std::string_view> {
  auto format(const contrail::Error& error, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format(error.what(), context);
  }
};

/// "Timeout 7 (by 1)"
template <>
struct fmt::formatter<contrail::ResourceInfo> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  auto format(const contrail::ResourceInfo& info, fmt::format_context& context) const {
    return fmt::format_to(context.out(), "{} {} (by {})", info.type, info.async_id,
                          info.trigger_async_id);
  }
};

/// "src/main.cc:42"
template <>
struct fmt::formatter<contrail::CreationSite> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  auto format(const contrail::CreationSite& site, fmt::format_context& context) const {
    if (!site) return fmt::format_to(context.out(), "somewhere");
    return fmt::format_to(context.out(), "{}:{}", site.file(), site.line());
  }
};

/// "Timeout 7 (by 1), made at src/main.cc:42"
template <>
struct fmt::formatter<contrail::ActiveResource> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  auto format(const contrail::ActiveResource& resource, fmt::format_context& context) const {
    return fmt::format_to(context.out(), "{} {} (by {}), made at {}", resource.type,
                          resource.async_id, resource.trigger_async_id, resource.site);
  }
};
