// Point reads a second by 8 sessions, and rows a second of a stream of a million.
//
//   throughput ADDRESS USER PASSWORD SECONDS    (wants the table that tests/bench/sdk_bench.py
//   makes)
#include <adbms/adbms.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  if (argc != 5) return 2;
  const double seconds = std::atof(argv[4]);
  adbms::Client client({.address = argv[1], .user = argv[2], .password = argv[3], .channels = 2});
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  std::atomic<long> reads{0};
  std::vector<std::thread> workers;
  for (int i = 0; i < 8; ++i) {
    workers.emplace_back([&, i] {
      adbms::Session session = client.Connect();
      const adbms::Prepared statement = session.Prepare("SELECT name FROM sdk_bench WHERE id = $1");
      std::minstd_rand random(i + 1);
      while (Clock::now() < end) {
        session.Execute(statement, {static_cast<int>(1 + random() % 1'000'000)});
        ++reads;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  const auto start = Clock::now();
  long rows = 0;
  adbms::Session session = client.Connect();
  for (const adbms::Row& row : session.Stream("SELECT id, name, n, price FROM sdk_bench"))
    rows += row.Get<int>(0) > 0 && !row.Get<std::string_view>(1).empty();
  const std::chrono::duration<double> taken = Clock::now() - start;
  std::cout << "{\"reads\": " << reads / seconds << ", \"rows\": " << rows / taken.count() << "}\n";
}
