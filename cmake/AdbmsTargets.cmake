# adbms_test(<name> LABEL label TIMEOUT seconds COMMAND word...): a test that finds this build in
# ADBMS_BUILD. A sanitizer's slowness stretches the limit, here and, by ADBMS_PATIENCE, in the test.
function(adbms_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "COMMAND" ${ARGN})
  add_test(NAME ${name} COMMAND ${ARG_COMMAND})
  math(EXPR seconds "${ARG_TIMEOUT} * ${ADBMS_PATIENCE}")
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${seconds} ENVIRONMENT
                       "ADBMS_BUILD=${CMAKE_BINARY_DIR};ADBMS_PATIENCE=${ADBMS_PATIENCE}")
  if(ADBMS_SANITIZER)
    set_tests_properties(${name} PROPERTIES DEPENDS sanitizer_reports_cleared)
    set_property(GLOBAL APPEND PROPERTY ADBMS_TESTS ${name})
  endif()
endfunction()

# adbms_instrument(<executable>): what a sanitizer needs in every program.
function(adbms_instrument name)
  if(ADBMS_SANITIZER STREQUAL "thread")
    target_link_libraries(${name} PRIVATE adbms_mutex_annotations)
  endif()
endfunction()

# adbms_library(<name> [DEPS lib...])
#   One folder, one static library: every .cc beside the CMakeLists.txt except tests and mains.
#   Folder a/b is target a_b and alias adbms::a_b. *_test.cc beside it become one gtest binary.
function(adbms_library name)
  cmake_parse_arguments(ARG "" "" "DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_itest|_main|_fuzzer|_benchmark)\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/proto)
    target_link_libraries(${name} PUBLIC ${ARG_DEPS} Threads::Threads)
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/proto)
    target_link_libraries(${name} INTERFACE ${ARG_DEPS} Threads::Threads)
  endif()
  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} ${ARG_TEST_DEPS} GTest::gtest_main
                          GTest::gmock)
    adbms_instrument(${name}_test)
    adbms_test(${name}_test LABEL unit TIMEOUT 300 COMMAND ${name}_test)
  endif()
endfunction()

# adbms_binary(<name> SOURCES file... DEPS lib...): an executable in build/<preset>/bin.
function(adbms_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/proto)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  adbms_instrument(${name})
endfunction()
