// sql_test: runs sqllogictest scripts against a server. README.md says more.
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "tests/sql/runner.h"
#include "tests/sql/server.h"

namespace {

constexpr char kHelp[] = R"(sql_test - runs SQL test scripts (sqllogictest format)

usage: sql_test --connection STRING [options] FILE...

  --connection STRING   the server under test, as a libpq connection string
  --protocol NAME       simple (default), extended or prepared
  --reference STRING    compare with this server's answers instead of those in the files
  --show-skipped        print the records that the server says it does not support
  --record              write the server's answers into the files
  --help                print this and exit

Each file runs in a schema of its own. Exit status: 0 all passed, 1 some failed, 2 bad usage.
)";

struct Arguments {
  std::string connection;
  std::string reference;
  adbms::sql_test::Protocol protocol = adbms::sql_test::Protocol::kSimple;
  bool record = false;
  bool show_skipped = false;
  std::vector<std::string> files;
};

int Usage(const std::string& what) {
  std::cerr << "sql_test: " << what << "\ntry sql_test --help\n";
  return 2;
}

bool SetProtocol(const std::string& name, Arguments* arguments) {
  using adbms::sql_test::Protocol;
  if (name == "simple") {
    arguments->protocol = Protocol::kSimple;
  } else if (name == "extended") {
    arguments->protocol = Protocol::kExtended;
  } else if (name == "prepared") {
    arguments->protocol = Protocol::kPrepared;
  } else {
    return false;
  }
  return true;
}

int RunFiles(const Arguments& arguments) {
  const auto server = adbms::sql_test::Server::Connect(arguments.connection, arguments.protocol);
  if (!server.ok()) {
    std::cerr << "sql_test: " << server.status().message() << "\n";
    return 1;
  }
  adbms::sql_test::RunOptions options;
  options.record = arguments.record;
  options.show_skipped = arguments.show_skipped;
  std::unique_ptr<adbms::sql_test::Server> reference;
  if (!arguments.reference.empty()) {
    auto connected = adbms::sql_test::Server::Connect(arguments.reference, arguments.protocol);
    if (!connected.ok()) {
      std::cerr << "sql_test: reference: " << connected.status().message() << "\n";
      return 1;
    }
    reference = *std::move(connected);
    options.reference = reference.get();
  }
  adbms::sql_test::Runner runner(server->get(), options);
  adbms::sql_test::Counts total;
  size_t broken = 0;
  for (const std::string& file : arguments.files) {
    const auto counts = runner.Run(file);
    if (!counts.ok()) {
      std::cout << counts.status().message() << "\n";
      ++broken;
      continue;
    }
    std::cout << (counts->failed == 0 ? "ok   " : "FAIL ") << file << ": " << counts->passed
              << " passed, " << counts->failed << " failed, " << counts->skipped << " skipped"
              << std::endl;
    total.passed += counts->passed;
    total.failed += counts->failed;
    total.skipped += counts->skipped;
  }
  std::cout << "sql_test: " << arguments.files.size() << " files, " << total.passed << " passed, "
            << total.failed << " failed, " << total.skipped << " skipped, " << broken
            << " broken off" << std::endl;
  return total.failed == 0 && broken == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool takes_value =
        argument == "--connection" || argument == "--protocol" || argument == "--reference";
    if (takes_value && i + 1 >= argc) return Usage(argument + " needs a value");
    if (argument == "--help") {
      std::cout << kHelp;
      return 0;
    }
    if (argument == "--connection") {
      arguments.connection = argv[++i];
    } else if (argument == "--reference") {
      arguments.reference = argv[++i];
    } else if (argument == "--protocol") {
      if (!SetProtocol(argv[++i], &arguments)) return Usage("unknown protocol");
    } else if (argument == "--record") {
      arguments.record = true;
    } else if (argument == "--show-skipped") {
      arguments.show_skipped = true;
    } else if (argument.rfind("--", 0) == 0) {
      return Usage("unknown argument " + argument);
    } else {
      arguments.files.push_back(argument);
    }
  }
  if (arguments.connection.empty()) return Usage("--connection is missing");
  if (arguments.files.empty()) return Usage("no file is given");
  return RunFiles(arguments);
}
