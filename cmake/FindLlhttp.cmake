# Finds llhttp's C sources, which contrail::http compiles into itself in strict mode.
#
# Distributions that ship llhttp as a library build it in loose mode, so the sources are needed.
# Sets Llhttp_SOURCES and Llhttp_INCLUDE_DIR.

find_path(Llhttp_INCLUDE_DIR llhttp.h PATH_SUFFIXES llhttp share/include/llhttp)
find_path(Llhttp_SOURCE_DIR llhttp.c PATH_SUFFIXES share/llhttp llhttp)
mark_as_advanced(Llhttp_INCLUDE_DIR Llhttp_SOURCE_DIR)

if(Llhttp_INCLUDE_DIR)
  set(Llhttp_VERSION "")
  foreach(part MAJOR MINOR PATCH)
    file(STRINGS "${Llhttp_INCLUDE_DIR}/llhttp.h" line REGEX "^#define LLHTTP_VERSION_${part} ")
    string(REGEX REPLACE ".* ([0-9]+).*" ".\\1" number "${line}")
    string(APPEND Llhttp_VERSION "${number}")
  endforeach()
  string(SUBSTRING "${Llhttp_VERSION}" 1 -1 Llhttp_VERSION)
endif()
set(Llhttp_SOURCES "")
foreach(name llhttp api http)
  list(APPEND Llhttp_SOURCES "${Llhttp_SOURCE_DIR}/${name}.c")
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Llhttp
  REQUIRED_VARS Llhttp_SOURCE_DIR Llhttp_INCLUDE_DIR
  VERSION_VAR Llhttp_VERSION)
