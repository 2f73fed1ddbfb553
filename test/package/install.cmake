# Installs ${build} into an empty ${prefix}, so that nothing of an earlier install helps.
file(REMOVE_RECURSE "${prefix}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${build}" --prefix "${prefix}"
  COMMAND_ERROR_IS_FATAL ANY)
