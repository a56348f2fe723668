# Every dependency comes from Debian 12; see `make deps`.
find_package(Threads REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(RocksDB CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(GTest CONFIG REQUIRED)

# Linked statically its calls need no indirection and its thread-local counters no function: scans
# take a tenth less. Sanitizers tell its code, which is not instrumented, from ours by its module.
add_library(adbms_rocksdb INTERFACE)
if(ADBMS_SANITIZER)
  target_link_libraries(adbms_rocksdb INTERFACE RocksDB::rocksdb-shared)
else()
  target_link_libraries(adbms_rocksdb INTERFACE RocksDB::rocksdb)
endif()

# Debian's XGBoost, libpg_query, libstemmer and GMP come without a usable CMake configuration.
function(adbms_import name library header)
  find_library(${name}_LIBRARY ${library} REQUIRED)
  find_path(${name}_INCLUDE ${header} REQUIRED)
  add_library(${name} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${${name}_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${${name}_INCLUDE})
endfunction()
adbms_import(xgboost_c xgboost xgboost/c_api.h)
adbms_import(pg_query pg_query pg_query.h)
adbms_import(cpp_httplib cpp-httplib httplib.h)
adbms_import(protobuf_c protobuf-c protobuf-c/protobuf-c.h)
adbms_import(stemmer stemmer libstemmer.h)
adbms_import(gmp gmp gmp.h)
find_package(ICU REQUIRED COMPONENTS i18n uc)
