# Installs what find_package(contrail) and pkg-config need, once every library target exists.

include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/contrail")
set(pkgconfig_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

configure_package_config_file(cmake/contrail-config.cmake.in contrail-config.cmake
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file(contrail-config-version.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT contrail-targets NAMESPACE contrail:: DESTINATION "${package_dir}")
install(FILES
  "${PROJECT_BINARY_DIR}/contrail-config.cmake"
  "${PROJECT_BINARY_DIR}/contrail-config-version.cmake"
  cmake/FindLibuv.cmake
  DESTINATION "${package_dir}")

install(FILES README.md CHANGELOG.md LICENSE SECURITY.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY docs DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES hooks/README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}/hooks")
install(FILES test/conformance/differences.md
  DESTINATION "${CMAKE_INSTALL_DOCDIR}/test/conformance")
install(CODE "set(docs_in_prefix [[${CMAKE_INSTALL_DOCDIR}]])")
install(SCRIPT cmake/unlink_docs.cmake)

# A shared library brings its own libuv; with a static one the program has to link it.
if(BUILD_SHARED_LIBS)
  set(pc_requires "fmt >= 9")
  set(pc_requires_private "libuv >= 1.42")
  set(pc_cflags "-DCONTRAIL_SHARED")
else()
  set(pc_requires "fmt >= 9, libuv >= 1.42")
  set(pc_requires_private "")
  set(pc_cflags "")
endif()
set(pc_libs "-lcontrail_hooks -lcontrail_http -lcontrail_io -lcontrail_core")
if(NOT CONTRAIL_HTTP)
  string(REPLACE " -lcontrail_http" "" pc_libs "${pc_libs}")
endif()
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
  BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}/${pkgconfig_dir}" OUTPUT_VARIABLE pc_prefix)

foreach(name contrail contrail-testing)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${pkgconfig_dir}")
endforeach()
