# Compiler settings that every target of ours shares: link against profd_options.
add_library(profd_options INTERFACE)
target_compile_options(profd_options INTERFACE -Wall -Wextra -Wno-missing-field-initializers)
target_include_directories(profd_options INTERFACE ${PROJECT_SOURCE_DIR})
if(PROFD_WERROR)
  target_compile_options(profd_options INTERFACE -Werror)
endif()
if(PROFD_SANITIZE)
  target_compile_options(profd_options INTERFACE -fsanitize=${PROFD_SANITIZE}
                                                -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(profd_options INTERFACE -fsanitize=${PROFD_SANITIZE})
endif()

# profd_library(NAME SOURCES... DEPENDS libs...): one library per folder.
function(profd_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC profd_options ${ARG_DEPENDS})
endfunction()
