// Inverted indexes: after random changes, some rolled back, they hold exactly the items of the
// rows, and scans by items find what is there.
#include <map>
#include <random>
#include <set>

#include "common/types/array.h"
#include "gmock/gmock.h"
#include "services/storage/codec/index_items.h"
#include "services/storage/testing/storage_fixture.h"

namespace adbms::storage::testing {
namespace {

using common::v1::IndexDescriptor;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr TypeId kInts = TypeId::kInt4Array;

class InvertedIndexTest : public StorageTest {
 protected:
  using Elements = std::set<int>;

  static types::Value ArrayOf(const Elements& elements) {
    types::ArrayBuilder builder(kInts);
    for (const int element : elements) builder.Add(types::Value::Int(kInt4, element));
    return types::Value::String({kInts, 0}, builder.Finish());
  }
  // t(a int4 primary key, tags int4[]), with the index once `build`.
  void MakeTable(Client* client) {
    ASSERT_TRUE(client->Ddl(CreateTable("t", {{"a", kInt4, true}, {"tags", kInts}}, {0})).ok());
  }
  void MakeIndex(Client* client) {
    auto create = CreateIndex(client->Table("t").table_id(), "t_tags", {1}, false);
    auto* index = create.mutable_create_index()->mutable_index();
    index->set_method(IndexDescriptor::METHOD_INVERTED);
    index->add_operator_classes("array_ops");
    const auto made = client->Ddl(create);
    ASSERT_TRUE(made.ok()) << made.status();
    index_id_ = made->object_id();
  }
  absl::Status InsertRow(Client* client, int a, const Elements& tags) {
    return client
        ->Affect(Finish(Insert(client->Table("t"),
                               Values({kInt4, kInts}, {{IntLiteral(a), Literal(ArrayOf(tags))}})),
                        {&table_}))
        .status();
  }
  static Expression KeyIs(int a) {
    return Call("=(int4,int4)", TypeId::kBool, {Column(0, kInt4), IntLiteral(a)});
  }
  absl::Status UpdateRow(Client* client, int a, const Elements& tags) {
    Plan plan =
        Finish(Update(table_, Filter(TargetScan(table_), KeyIs(a)), {1}, {Literal(ArrayOf(tags))}),
               {&table_});
    *plan.mutable_root()->mutable_update()->mutable_recheck() = KeyIs(a);
    return client->Affect(plan).status();
  }
  // Keys of the rows that the index finds.
  std::vector<std::string> Find(Client* client, const std::string& name, const Elements& operand) {
    Operator scan = IndexScan(table_, index_id_, {0, 1}, {});
    auto* item = scan.mutable_index_scan()->add_items();
    item->set_operator_name(name);
    *item->mutable_operand() = Literal(ArrayOf(operand));
    *scan.mutable_index_scan()->mutable_filter() =
        Call(name + "(_int4,_int4)", TypeId::kBool, {Column(1, kInts), Literal(ArrayOf(operand))});
    Plan plan = Finish(Project(scan, {Column(0, kInt4)}), {&table_});
    auto rows = client->Run(plan);
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? *rows : std::vector<std::string>();
  }
  // How many entries the index has. Closes the server.
  int Entries() {
    storage_.reset();
    engine::EngineOptions options;
    options.data_dir = dir_.path();
    auto engine = engine::Engine::Open(options);
    EXPECT_TRUE(engine.ok()) << engine.status();
    auto it = (*engine)->NewIterator(
        nullptr, {codec::SpaceBegin(index_id_), codec::SpaceEnd(index_id_)}, {});
    int entries = 0;
    for (it->SeekToFirst(); it->Valid(); it->Next()) ++entries;
    return entries;
  }

  common::v1::TableDescriptor table_;
  uint32_t index_id_ = 0;
};

TEST_F(InvertedIndexTest, HoldsTheItemsOfTheRowsWhateverHappens) {
  std::mt19937 random(5);
  const auto any = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const auto tags = [&] {
    Elements elements;
    for (int i = any(4); i > 0; --i) elements.insert(any(12));
    return elements;
  };
  std::map<int, Elements> rows;
  {
    Client client(storage_.get());
    MakeTable(&client);
    table_ = client.Table("t");
    for (int a = 0; a < 40; ++a) {
      rows[a] = tags();
      ASSERT_TRUE(InsertRow(&client, a, rows[a]).ok());
    }
    MakeIndex(&client);
    table_ = client.Table("t");
    for (int step = 0; step < 300; ++step) {
      const int a = any(60);
      const bool rolled_back = any(5) == 0;
      std::map<int, Elements> now = rows;
      if (rolled_back) {
        ASSERT_TRUE(client.session().Begin(client.context(), {}).ok());
      }
      if (rows.count(a) == 0) {
        now[a] = tags();
        ASSERT_TRUE(InsertRow(&client, a, now[a]).ok());
      } else if (any(3) > 0) {
        now[a] = tags();
        ASSERT_TRUE(UpdateRow(&client, a, now[a]).ok());
      } else {
        now.erase(a);
        ASSERT_TRUE(client.Affect(DeleteKey(table_, a)).ok());
      }
      const int wanted = any(12);
      std::vector<std::string> expected;
      for (const auto& [key, elements] : now) {
        if (elements.count(wanted) > 0) expected.push_back(std::to_string(key));
      }
      EXPECT_THAT(Find(&client, "@>", {wanted}), ElementsAreArray(expected)) << step;
      if (rolled_back) {
        ASSERT_TRUE(client.session().Rollback(client.context()).ok());
      } else {
        rows = std::move(now);
      }
    }
  }
  int entries = 0;
  for (const auto& [a, elements] : rows) entries += std::max(1, static_cast<int>(elements.size()));
  EXPECT_EQ(Entries(), entries);
}

TEST_F(InvertedIndexTest, UnitesIntersectsAndReadsAllWhereNothingIsAskedFor) {
  Client client(storage_.get());
  MakeTable(&client);
  table_ = client.Table("t");
  MakeIndex(&client);
  table_ = client.Table("t");
  const std::vector<Elements> rows = {{}, {1}, {1, 2}, {2, 3}, {1, 2, 3}, {200}};
  for (size_t i = 0; i < rows.size(); ++i)
    ASSERT_TRUE(InsertRow(&client, static_cast<int>(i), rows[i]).ok());
  EXPECT_THAT(Find(&client, "@>", {1, 2}), ElementsAre("2", "4"));
  EXPECT_THAT(Find(&client, "&&", {1, 3}), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(Find(&client, "&&", {}), IsEmpty());
  EXPECT_THAT(Find(&client, "<@", {1, 2}), ElementsAre("0", "1", "2"));
  EXPECT_THAT(Find(&client, "=", {2, 3}), ElementsAre("3"));
  EXPECT_THAT(Find(&client, "=", {}), ElementsAre("0"));
  EXPECT_THAT(Find(&client, "@>", {}), ElementsAre("0", "1", "2", "3", "4", "5"));
  // More items than are read side by side.
  Elements many;
  for (int i = 100; i < 300; ++i) many.insert(i);
  EXPECT_THAT(Find(&client, "&&", many), ElementsAre("5"));
  EXPECT_THAT(Find(&client, "@>", many), IsEmpty());
}

TEST_F(InvertedIndexTest, RefusesPlansThatMistakeItForAnother) {
  Client client(storage_.get());
  MakeTable(&client);
  MakeIndex(&client);
  table_ = client.Table("t");
  EXPECT_FALSE(client.Run(Finish(IndexScan(table_, index_id_, {0}, {}), {&table_})).ok());
  Operator scan = IndexScan(table_, index_id_, {0}, {});
  auto* item = scan.mutable_index_scan()->add_items();
  item->set_operator_name("@>");
  *item->mutable_operand() = IntLiteral(1);
  EXPECT_FALSE(client.Run(Finish(scan, {&table_})).ok());
  item->set_operator_name("<");
  *item->mutable_operand() = Literal(ArrayOf({1}));
  EXPECT_FALSE(client.Run(Finish(scan, {&table_})).ok());
}

}  // namespace
}  // namespace adbms::storage::testing
