# Runs during the installation: in the installed pages, turns links to what is not installed into
# plain text. `docs_in_prefix` is where they are.

cmake_path(ABSOLUTE_PATH docs_in_prefix
  BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}" OUTPUT_VARIABLE docs)
set(docs "$ENV{DESTDIR}${docs}")
string(ASCII 1 mark)  # In place of "](": lists of CMake's mind brackets.

file(GLOB_RECURSE pages "${docs}/*.md")
foreach(page IN LISTS pages)
  file(READ "${page}" text)
  cmake_path(GET page PARENT_PATH folder)
  string(REPLACE "](" "${mark}(" marked "${text}")
  string(REGEX MATCHALL "${mark}\\([^() \n]+\\)" links "${marked}")
  list(REMOVE_DUPLICATES links)
  foreach(link IN LISTS links)
    string(REGEX REPLACE "^${mark}\\(([^#)]*).*\\)$" "\\1" target "${link}")
    if(target STREQUAL "" OR target MATCHES "^[a-z]+:" OR EXISTS "${folder}/${target}")
      continue()
    endif()
    string(REGEX REPLACE "([][+.*?^$()|])" "\\\\\\1" pattern "${link}")
    string(REGEX REPLACE "\\[([^][]*)${pattern}" "\\1" marked "${marked}")
  endforeach()
  string(REPLACE "${mark}(" "](" unlinked "${marked}")
  if(NOT unlinked STREQUAL text)
    file(WRITE "${page}" "${unlinked}")
  endif()
endforeach()
