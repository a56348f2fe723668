# Compiler, launcher and linker choices; each is used when it is present.
set(ADBMS_SANITIZER "" CACHE STRING "Value for -fsanitize=, empty for none")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # A relative base lets several checkouts share one cache.
  get_filename_component(ADBMS_CCACHE_BASE ${CMAKE_SOURCE_DIR} DIRECTORY)
  set(ADBMS_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1
      CCACHE_BASEDIR=${ADBMS_CCACHE_BASE} CCACHE_SLOPPINESS=time_macros ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ADBMS_LAUNCHER})
  set(CMAKE_C_COMPILER_LAUNCHER ${ADBMS_LAUNCHER})
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")

set(ADBMS_PATIENCE 1)  # How many times longer a test may take.
if(ADBMS_SANITIZER)
  set(ADBMS_PATIENCE 5)
  add_compile_options(-fsanitize=${ADBMS_SANITIZER} -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=${ADBMS_SANITIZER})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND ADBMS_SANITIZER MATCHES "address")
    # As shared libraries the two run side by side, and the second knows no log_path.
    add_link_options(-static-libasan -static-libubsan)
  endif()
endif()

# Fuzz targets that libFuzzer guides by coverage; needs clang.
option(ADBMS_FUZZ "Build tests/fuzz with libFuzzer" OFF)
if(ADBMS_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
