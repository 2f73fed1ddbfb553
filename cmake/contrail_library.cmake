# What every library of ours has in common, so that a folder's CMakeLists.txt is a target, its
# files and its links.

# contrail_library(<floor> SOURCES <file>... HEADERS <public header>...)
function(contrail_library floor)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS")
  set(target contrail_${floor})

  add_library(${target} ${arg_SOURCES})
  add_library(contrail::${floor} ALIAS ${target})
  target_sources(${target} PUBLIC
    FILE_SET HEADERS
    BASE_DIRS "${PROJECT_SOURCE_DIR}/include" "${PROJECT_BINARY_DIR}/include"
    FILES ${arg_HEADERS})

  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")  # for "src/..."
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_definitions(${target}
    PRIVATE CONTRAIL_BUILDING
    PUBLIC $<$<BOOL:${BUILD_SHARED_LIBS}>:CONTRAIL_SHARED>)
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${floor}
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}
    INSTALL_RPATH "$ORIGIN"  # The libraries are installed side by side and find each other there.
    CXX_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  contrail_install(${target})
endfunction()

function(contrail_install target)
  install(TARGETS ${target} EXPORT contrail-targets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
endfunction()
