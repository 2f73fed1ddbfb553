# Finds libuv through pkg-config, which every distribution's libuv supports, and defines uv::uv.

find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(Libuv_PC QUIET IMPORTED_TARGET libuv)
endif()
if(Libuv_PC_FOUND)
  set(Libuv_VERSION "${Libuv_PC_VERSION}")
  set(Libuv_LIBRARY "${Libuv_PC_LINK_LIBRARIES}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libuv
  REQUIRED_VARS Libuv_LIBRARY
  VERSION_VAR Libuv_VERSION
  REASON_FAILURE_MESSAGE "On Debian, install pkg-config and libuv1-dev.")

if(Libuv_FOUND AND NOT TARGET uv::uv)
  add_library(uv::uv INTERFACE IMPORTED)
  target_link_libraries(uv::uv INTERFACE PkgConfig::Libuv_PC)
endif()
