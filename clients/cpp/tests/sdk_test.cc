#include <adbms/adbms.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <thread>

namespace adbms {
namespace {

ClientOptions Options() {
  return {.address = std::getenv("ADBMS_ADDRESS"),
          .user = "adbms",
          .password = std::getenv("ADBMS_PASSWORD")};
}

template <typename Work>
ErrorFields ErrorOf(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.fields();
  }
  ADD_FAILURE() << "no error";
  return {};
}

class Sdk : public testing::Test {
 protected:
  Sdk() : client_(Options()), session_(client_.Connect()) {
    session_.Execute("DROP TABLE IF EXISTS cpp_t");
    session_.Execute("CREATE TABLE cpp_t (id int PRIMARY KEY, name text, n int DEFAULT 7)");
  }
  std::int64_t Count() {
    return session_.Execute("SELECT count(*) FROM cpp_t").at(0).Get<std::int64_t>(0);
  }

  Client client_;
  Session session_;
};

TEST_F(Sdk, RowsAreAViewOfColumns) {
  const Result result = session_.Execute(
      "SELECT g AS n, CASE WHEN g % 2 = 0 THEN 'x' || g END AS t FROM generate_series(1, $1) g",
      {5});
  EXPECT_EQ(result.size(), 5u);
  EXPECT_EQ(result.command, "SELECT 5");
  EXPECT_EQ(result.columns[1].type_name, "text");
  int sum = 0;
  for (const Row& row : result) {
    sum += row.Get<int>("n");
    EXPECT_EQ(row.is_null(1), row.Get<int>(0) % 2 == 1);
  }
  EXPECT_EQ(sum, 15);
  EXPECT_EQ(result.at(1).Get<std::string>("t"), "x2");
  EXPECT_EQ(result.at(0).Get<std::optional<std::string>>("t"), std::nullopt);
  EXPECT_EQ(result.pages[0].values<std::int32_t>(0)[4], 5);
  EXPECT_EQ(ErrorOf([&] { result.at(0).Get<std::string>("t"); }).sqlstate, "22002");
  EXPECT_EQ(ErrorOf([&] { result.at(0).Get<std::string>("n"); }).sqlstate, "22023");
  EXPECT_EQ(ErrorOf([&] { result.at(0).Get<int>("missing"); }).sqlstate, "42703");
  EXPECT_EQ(ErrorOf([&] { result.pages[0].values<double>(0); }).sqlstate, "22023");
  const auto all = session_.ExecuteAll("SELECT 1; CREATE TEMP TABLE x (); SELECT 2 WHERE false");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1].count, std::nullopt);
  EXPECT_TRUE(all[2].empty());
}

template <typename T>
void ComesBack(Session& session, const std::string& type, const T& value) {
  const Result result = session.Execute("SELECT $1::" + type + ", NULL::" + type, {value});
  EXPECT_TRUE(result.at(0).Get<T>(0) == value) << type;
  EXPECT_EQ(result.at(0).Get<std::optional<T>>(1), std::nullopt) << type;
  session.Execute("DROP TABLE IF EXISTS cpp_v");
  session.Execute("CREATE TABLE cpp_v (v " + type + ")");
  session.ExecuteBatch("INSERT INTO cpp_v VALUES ($1)", {{value}, {nullptr}});
  Inserter inserter = session.BulkInsert("cpp_v");
  inserter.Add({value});
  inserter.Add({nullptr});
  EXPECT_EQ(inserter.Finish(), 2u);
  const Result stored = session.Execute("SELECT v FROM cpp_v");
  ASSERT_EQ(stored.size(), 4u);
  EXPECT_TRUE(stored.at(0).Get<T>(0) == value && stored.at(2).Get<T>(0) == value) << type;
  EXPECT_TRUE(stored.at(1).is_null(0) && stored.at(3).is_null(0)) << type;
}

TEST_F(Sdk, ValuesComeBackAsTheyWent) {
  using namespace std::chrono_literals;
  ComesBack(session_, "int2", std::int16_t{-5});
  ComesBack(session_, "int4", 42);
  ComesBack(session_, "int8", std::int64_t{1} << 40);
  ComesBack(session_, "float8", 0.1);
  ComesBack(session_, "bool", true);
  ComesBack(session_, "text", std::string("grün"));
  ComesBack(session_, "numeric", Numeric{"1.10"});
  ComesBack(session_, "bytea", Bytes{0, 255});
  ComesBack(session_, "date", Date(std::chrono::year(1999) / 12 / 31));
  ComesBack(session_, "timestamptz", Timestamp(Date(std::chrono::year(2024) / 2 / 29)) + 5us);
  ComesBack(session_, "timestamptz", Timestamp(Date(std::chrono::year(-43) / 3 / 15)));
  ComesBack(session_, "interval", Interval{14, -3, 5});
  ComesBack(session_, "uuid", Uuid{1, 2, 3});
  const Result array =
      session_.Execute("SELECT ($1)[2], ($2::text[])[1]",
                       {std::vector<int>{1, 2}, std::vector<std::string>{"a\"b\\"}});
  EXPECT_EQ(array.at(0).Get<int>(0), 2);
  EXPECT_EQ(session_.Execute("SELECT $1::text[] @> ARRAY['x']", {std::vector<std::string>{"x"}})
                .at(0)
                .Get<bool>(0),
            true);
}

TEST_F(Sdk, PreparedStatements) {
  const Prepared insert = session_.Prepare("INSERT INTO cpp_t VALUES ($1, $2)");
  EXPECT_FALSE(insert.returns_rows());
  EXPECT_EQ(session_.Execute(insert, {1, "one"}).count, 1u);
  EXPECT_EQ(session_.ExecuteBatch(insert, {{2, "two"}, {3, nullptr}}),
            (std::vector<std::uint64_t>{1, 1}));
  const Prepared select = session_.Prepare("SELECT name FROM cpp_t WHERE id = $1");
  EXPECT_EQ(select.parameters().at(0).type_name, "integer");
  EXPECT_EQ(select.columns().at(0).name, "name");
  EXPECT_EQ(session_.Execute(select, {2}).at(0).Get<std::string>(0), "two");
}

TEST_F(Sdk, StreamsAndCursors) {
  std::int64_t sum = 0;
  for (const Row& row : session_.Stream("SELECT g FROM generate_series(1, 100000) g"))
    sum += row.Get<int>(0);
  EXPECT_EQ(sum, 5000050000);
  {
    RowStream stream = session_.Stream("SELECT g FROM generate_series(1, 1000000000) g");
    EXPECT_EQ((*stream.begin()).Get<int>(0), 1);
    EXPECT_EQ(ErrorOf([&] { session_.Execute("SELECT 1"); }).sqlstate, "55000");
  }
  EXPECT_EQ(session_.Execute("SELECT 42").at(0).Get<int>(0), 42);
  session_.Transaction([](Session& transaction) {
    Cursor cursor = transaction.OpenCursor("SELECT g FROM generate_series(1, 10) g", {}, 4);
    EXPECT_EQ(cursor.Fetch().size(), 4u);
    EXPECT_EQ(transaction.Execute("SELECT 1").size(), 1u);
    EXPECT_EQ(cursor.Fetch().at(0).Get<int>(0), 5);
    EXPECT_EQ(cursor.Fetch().size(), 2u);
    EXPECT_TRUE(cursor.Fetch().empty());
  });
  EXPECT_EQ(ErrorOf([&] { session_.OpenCursor("SELECT 1"); }).sqlstate, "25P01");
}

TEST_F(Sdk, BulkInsertIsAllOrNothing) {
  Inserter inserter = session_.BulkInsert("cpp_t", {"id", "name"});
  for (int i = 0; i < 10000; ++i) inserter.Add({i, "näme\t\\" + std::to_string(i)});
  EXPECT_EQ(inserter.Finish(), 10000u);
  const ErrorFields error = ErrorOf([&] {
    Inserter twice = session_.BulkInsert("cpp_t");
    twice.Add({20000, "x", 1});
    twice.Add({5, "y", 1});
    twice.Finish();
  });
  EXPECT_EQ(error.constraint, "cpp_t_pkey");
  {
    Inserter left = session_.BulkInsert("cpp_t", {"id"});
    for (int i = 30000; i < 50000; ++i) left.Add({i});
  }
  EXPECT_EQ(Count(), 10000);
}

TEST_F(Sdk, Transactions) {
  EXPECT_THROW(session_.Transaction([](Session& transaction) {
    transaction.Execute("INSERT INTO cpp_t VALUES (1)");
    throw std::range_error("no");
  }),
               std::range_error);
  EXPECT_EQ(Count(), 0);
  EXPECT_EQ(ErrorOf([&] {
              session_.Transaction(
                  [](Session& transaction) { transaction.Execute("INSERT INTO cpp_t VALUES (1)"); },
                  {.read_only = true});
            }).sqlstate,
            "25006");
  session_.Execute("INSERT INTO cpp_t VALUES (1, 'counter', 0)");
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([this] {
      Session session = client_.Connect();
      for (int j = 0; j < 5; ++j) {
        session.Transaction(
            [](Session& transaction) {
              const int n =
                  transaction.Execute("SELECT n FROM cpp_t WHERE id = 1").at(0).Get<int>(0);
              transaction.Execute("UPDATE cpp_t SET n = $1 WHERE id = 1", {n + 1});
            },
            {.isolation = Isolation::kSerializable, .attempts = 100});
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(session_.Execute("SELECT n FROM cpp_t").at(0).Get<int>(0), 20);
}

TEST_F(Sdk, TimeSettingsAndCancel) {
  EXPECT_THROW(
      session_.Execute("SELECT pg_sleep(60)", {}, {.timeout = std::chrono::milliseconds(100)}),
      QueryCanceled);
  EXPECT_EQ(session_
                .Execute("SELECT current_setting('search_path')", {},
                         {.settings = {{"search_path", "pg_catalog"}}})
                .at(0)
                .Get<std::string>(0),
            "pg_catalog");
  auto sleeping =
      std::async(std::launch::async, [this] { session_.Execute("SELECT pg_sleep(60)"); });
  while (!session_.Cancel()) std::this_thread::yield();
  EXPECT_THROW(sleeping.get(), QueryCanceled);
  EXPECT_EQ(session_.Execute("SELECT 1").size(), 1u);
}

TEST_F(Sdk, ErrorsNoticesAndTracing) {
  EXPECT_EQ(ErrorOf([&] { session_.Execute("SELEC 1"); }).position, 1);
  EXPECT_THROW(session_.Execute("SELECT 1/0"), DataError);
  ClientOptions options = Options();
  std::vector<std::string> traced;
  options.trace = [&traced](const CallEvent& event) {
    if (event.ended && event.error != nullptr) traced.push_back(event.error->sqlstate());
  };
  Client client(options);
  std::vector<std::string> notices;
  SessionOptions with_notices;
  with_notices.on_notice = [&notices](const Notice& notice) { notices.push_back(notice.message); };
  Session session = client.Connect(with_notices);
  session.Execute("DO $$ BEGIN RAISE WARNING 'so %', 1; END $$");
  EXPECT_EQ(notices, std::vector<std::string>{"so 1"});
  EXPECT_THROW(session.Execute("SELECT 1/0"), DataError);
  EXPECT_EQ(traced, std::vector<std::string>{"22012"});
  options.password = "wrong";
  EXPECT_EQ(ErrorOf([&] { Client(options).Connect(); }).sqlstate, "28P01");
}

TEST_F(Sdk, Pools) {
  Pool pool(&client_, 3);
  std::vector<std::thread> workers;
  std::atomic<int> sum{0};
  for (int i = 0; i < 10; ++i) {
    workers.emplace_back([&pool, &sum, i] {
      Pool::Lease session = pool.Acquire();
      sum += session->Execute("SELECT $1::int", {i}).at(0).Get<int>(0);
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(sum, 45);
}

TEST_F(Sdk, IdempotentStatementsWork) {
  Session session = client_.Connect({.idempotent = true});
  for (int i = 0; i < 3; ++i) session.Execute("INSERT INTO cpp_t VALUES ($1)", {i});
  session.ExecuteBatch("INSERT INTO cpp_t VALUES ($1)", {{10}, {11}});
  EXPECT_EQ(Count(), 5);
}

}  // namespace
}  // namespace adbms
