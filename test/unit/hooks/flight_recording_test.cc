// The reading end of flight recordings: what is whole, what is not, and what it means.

#include "tools/contrail_trace/recording.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "flight_records.h"
#include "temp_dir.h"
#include "tools/contrail_trace/filter.h"
#include "tools/contrail_trace/histogram.h"
#include "tools/contrail_trace/output.h"
#include "tools/contrail_trace/replay.h"

namespace contrail {
namespace {

using hooks::FlightEvent;
using hooks::FlightHeader;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using trace::BadRecording;
using trace::parse_duration;

class FlightRecording : public ::testing::Test {
 protected:
  std::string file(const MadeUpFlight& flight) const { return flight.write(path); }

  /// The ids in a recording, and what is wrong with it.
  std::vector<std::uint64_t> ids_of(trace::Recording& recording) const {
    std::vector<std::uint64_t> ids;
    for (const auto& record : records_of(recording)) ids.push_back(record.id);
    return ids;
  }
  std::string why_bad(const std::string& bytes) const {
    try {
      trace::Recording recording(dir.file("bad", bytes).string());
    } catch (const BadRecording& error) {
      return error.what();
    }
    return "";
  }

  TempDir dir;
  std::string path = dir.path() / "made_up.flight";
};

MadeUpFlight with_records(int count, std::uint64_t ring_records = 8) {
  MadeUpFlight flight(ring_records);
  for (int i = 0; i < count; ++i) {
    flight.add(FlightEvent::init, 2000 + i, static_cast<std::uint64_t>(i), 1, 1);
  }
  return flight;
}

TEST_F(FlightRecording, of_nothing_is_empty) {
  trace::Recording recording(file(MadeUpFlight()));
  EXPECT_THAT(ids_of(recording), IsEmpty());
  EXPECT_EQ(recording.end_time(), 1000);
  EXPECT_EQ(recording.damage_count(), 0u);
}

TEST_F(FlightRecording, has_everything_until_the_ring_is_full) {
  trace::Recording recording(file(with_records(7)));
  EXPECT_THAT(ids_of(recording), ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_EQ(recording.overwritten(), 0u);
}

TEST_F(FlightRecording, leaves_out_the_record_that_may_be_half_overwritten) {
  auto flight = with_records(11);
  flight.ring[11 % 8].event = FlightEvent{77};
  trace::Recording recording(file(flight));
  EXPECT_THAT(ids_of(recording), ElementsAre(4, 5, 6, 7, 8, 9, 10));
  EXPECT_EQ(recording.damage_count(), 0u);
  EXPECT_EQ(recording.overwritten(), 4u);
  EXPECT_EQ(recording.end_time(), 2010);
}

TEST_F(FlightRecording, knows_what_became_new_while_the_file_was_copied) {
  auto flight = with_records(20);
  flight.header.cursor = 18;  // Was copied first.
  trace::Recording recording(file(flight));
  EXPECT_THAT(ids_of(recording), ElementsAre(12, 13, 14, 15, 16, 17));
  EXPECT_EQ(recording.overtaken(), 1u);
  EXPECT_EQ(recording.damage_count(), 0u);
}

TEST_F(FlightRecording, knows_what_is_overwritten_while_it_is_read) {
  auto flight = with_records(20);
  trace::Recording recording(file(flight));
  flight.add(FlightEvent::init, 3000, 20, 1, 1);
  flight.add(FlightEvent::init, 3000, 21, 1, 1);
  file(flight);  // The same file: it is cut off and written anew.
  EXPECT_THAT(ids_of(recording), ElementsAre(15, 16, 17, 18, 19));
  EXPECT_EQ(recording.overtaken(), 2u);
}

TEST_F(FlightRecording, leaves_out_what_was_not_whole_when_a_signal_copied_it) {
  auto flight = with_records(20);
  flight.header.whole_from = 15;
  trace::Recording recording(file(flight));
  EXPECT_THAT(ids_of(recording), ElementsAre(15, 16, 17, 18, 19));
}

TEST_F(FlightRecording, says_where_a_record_is_damaged) {
  auto flight = with_records(7);
  flight.ring[1].lap = 9;
  flight.ring[2].event = FlightEvent{0};
  flight.ring[3].time = -1;
  flight.ring[4].group = 3;
  trace::Recording recording(file(flight));
  EXPECT_THAT(ids_of(recording), ElementsAre(0, 4, 5, 6));
  ASSERT_THAT(recording.damages(), SizeIs(4));
  EXPECT_EQ(recording.damages()[3].offset, flight.offset_of(4));
  EXPECT_EQ(recording.damages()[3].what, "group 3, of 3");
}

TEST_F(FlightRecording, counts_damages_beyond_the_first_few) {
  auto flight = with_records(50, 64);
  for (auto& record : flight.ring) record.lap = 7;
  trace::Recording recording(file(flight));
  EXPECT_THAT(ids_of(recording), IsEmpty());
  EXPECT_THAT(recording.damages(), SizeIs(8));
  EXPECT_EQ(recording.damage_count(), 50u);
}

TEST_F(FlightRecording, finds_its_end_if_the_last_record_is_damaged) {
  auto flight = with_records(7);
  flight.ring[6].time = -1;
  trace::Recording recording(file(flight));
  EXPECT_EQ(recording.end_time(), 2005);
  EXPECT_EQ(recording.damage_count(), 0u) << "it will be found again";
}

TEST_F(FlightRecording, leaves_out_times_that_are_far_from_all_others) {
  constexpr std::int64_t day = 24 * 3'600'000'000'000;
  auto flight = with_records(7);
  for (auto& record : flight.ring) record.time += 100 * day;
  flight.header.steady_start += 100 * day;
  flight.ring[1].time = 90 * day;
  flight.ring[2].time = 101 * day;
  flight.ring[6].time = 200 * day;
  trace::Recording recording(file(flight));
  EXPECT_THAT(ids_of(recording), ElementsAre(0, 3, 4, 5));
  EXPECT_EQ(recording.end_time(), 100 * day + 2005);
  EXPECT_EQ(recording.damage_count(), 3u);
}

TEST_F(FlightRecording, uses_what_there_is_if_only_its_beginning_is_damaged) {
  auto flight = with_records(7);
  flight.header.steady_start = std::int64_t{1} << 60;
  trace::Recording recording(file(flight));
  EXPECT_THAT(ids_of(recording), SizeIs(7));
  ASSERT_THAT(recording.damages(), SizeIs(1));
  EXPECT_EQ(recording.damages()[0].offset, 48u);
}

TEST_F(FlightRecording, may_have_gone_on_while_it_was_copied) {
  auto flight = with_records(7);
  flight.header.copied = 2005;
  trace::Recording recording(file(flight));
  EXPECT_TRUE(recording.is_copy());
  EXPECT_EQ(recording.known_until(), 2006);
  EXPECT_EQ(recording.damage_count(), 0u);
}

TEST_F(FlightRecording, does_not_believe_that_it_was_copied_long_before_its_end) {
  auto flight = with_records(7);
  flight.header.copied = -120'000'000'000;
  trace::Recording recording(file(flight));
  EXPECT_FALSE(recording.is_copy());
  EXPECT_EQ(recording.known_until(), 2006);
  EXPECT_EQ(recording.damage_count(), 1u);
}

TEST_F(FlightRecording, says_that_a_group_has_no_name) {
  MadeUpFlight flight;
  flight.groups[1].type_bytes = 4000;
  trace::Recording recording(file(flight));
  EXPECT_EQ(recording.groups()[1].type, "(damaged)");
  ASSERT_THAT(recording.damages(), SizeIs(1));
  EXPECT_EQ(recording.damages()[0].offset, 4096u + 256u);
}

TEST_F(FlightRecording, says_that_there_are_more_groups_than_there_is_room) {
  MadeUpFlight flight;
  flight.header.groups = 400;
  trace::Recording recording(file(flight));
  EXPECT_THAT(recording.groups(), SizeIs(4));
  EXPECT_THAT(recording.damages()[0].what, HasSubstr("400 groups"));
}

TEST_F(FlightRecording, that_was_cut_off_anywhere_is_read_as_far_as_it_goes) {
  const auto flight = with_records(20);
  const std::string bytes = flight.bytes();
  for (std::size_t size = 0; size < bytes.size(); size += 13) {
    const std::string cut = dir.file("cut", bytes.substr(0, size)).string();
    if (size < sizeof(FlightHeader)) {
      EXPECT_THROW(trace::Recording recording(cut), BadRecording) << size;
      continue;
    }
    trace::Recording recording(cut);
    ids_of(recording);
    ASSERT_THAT(recording.damages(), SizeIs(testing::Ge(1u))) << size;
    EXPECT_EQ(recording.damages()[0].offset, size);
  }
}

TEST_F(FlightRecording, that_claims_to_be_huge_is_read_in_no_time) {
  auto flight = with_records(7);
  flight.header.ring_records = std::uint64_t{1} << 56;
  flight.header.cursor = std::uint64_t{1} << 60;
  trace::Recording recording(file(flight));
  EXPECT_THAT(ids_of(recording), SizeIs(testing::Le(8u)));
  EXPECT_GT(recording.damage_count(), 0u);
}

TEST_F(FlightRecording, of_another_kind_is_refused) {
  EXPECT_EQ(why_bad(""), "byte 0: this is no flight recording");
  EXPECT_EQ(why_bad(std::string(5000, 'x')), "byte 0: this is no flight recording");
  const auto changed = [this](auto change) {
    MadeUpFlight flight;
    change(flight.header);
    return why_bad(flight.bytes());
  };
  EXPECT_THAT(changed([](FlightHeader& h) { h.version = 2; }), HasSubstr("version 2"));
  EXPECT_THAT(changed([](FlightHeader& h) { h.byte_order = 0x04030201; }), HasSubstr("byte 16"));
  EXPECT_THAT(changed([](FlightHeader& h) { h.groups_max = 5; }), HasSubstr("byte 24"));
  EXPECT_THAT(changed([](FlightHeader& h) { h.ring_records = 0; }), HasSubstr("byte 40"));
  EXPECT_THAT(changed([](FlightHeader& h) { h.cursor = ~0ull; }), HasSubstr("byte 256"));
  EXPECT_THAT(changed([](FlightHeader& h) { h.steady_start = -1; }), HasSubstr("byte 48"));
}

TEST_F(FlightRecording, that_is_no_regular_file_is_refused) {
  EXPECT_THROW(trace::Recording(dir.path().string()), BadRecording);
  EXPECT_THROW(trace::Recording("/dev/zero"), BadRecording);
  EXPECT_THROW(trace::Recording("/nowhere"), std::system_error);
}

/// Notes the callbacks: "2 from 10 to 20".
class Callbacks : public trace::Report {
 public:
  void event(const trace::Event&, bool, trace::Life*, const trace::Life*, std::size_t) override {}
  void callback(const trace::Callback& one) override {
    seen.push_back(fmt::format("{} from {} to {}{}", one.id, one.begin, one.end,
                               one.ended ? "" : " or later"));
  }
  void end(const trace::Ending&) override {}

  std::vector<std::string> seen;
};

class FlightReplay : public FlightRecording {
 protected:
  std::vector<std::string> callbacks() {
    trace::Recording recording(file(flight));
    const trace::Filter filter(options, recording);
    Callbacks report;
    trace::Replay replay(filter, report);
    for (const auto& record : records_of(recording)) replay.next(record);
    replay.finish();
    return report.seen;
  }

  MadeUpFlight flight;
  trace::FilterOptions options;
};

TEST_F(FlightReplay, pairs_what_is_nested) {
  flight.add(FlightEvent::before, 10, 2);
  flight.add(FlightEvent::before, 20, 3);
  flight.add(FlightEvent::after, 30, 3);
  flight.add(FlightEvent::after, 40, 2);
  EXPECT_THAT(callbacks(), ElementsAre("3 from 20 to 30", "2 from 10 to 40"));
}

TEST_F(FlightReplay, passes_over_an_after_whose_before_was_overwritten) {
  flight.add(FlightEvent::after, 5, 9);
  flight.add(FlightEvent::before, 10, 2);
  flight.add(FlightEvent::after, 15, 2);
  EXPECT_THAT(callbacks(), ElementsAre("2 from 10 to 15"));
}

TEST_F(FlightReplay, ends_what_has_no_after_with_what_is_around_it) {
  flight.add(FlightEvent::before, 10, 2);
  flight.add(FlightEvent::before, 20, 3);
  flight.add(FlightEvent::after, 40, 2);
  EXPECT_THAT(callbacks(), ElementsAre("3 from 20 to 40 or later", "2 from 10 to 40"));
}

TEST_F(FlightReplay, ends_with_the_recording_what_is_running) {
  flight.add(FlightEvent::before, 10, 2);
  flight.add(FlightEvent::init, 50, 3);
  EXPECT_THAT(callbacks(), ElementsAre("2 from 10 to 50 or later"));
}

TEST_F(FlightReplay, knows_nothing_of_what_ran_when_recording_was_switched_off) {
  flight.add(FlightEvent::before, 10, 2);
  flight.add(FlightEvent::disabled, 20);
  flight.add(FlightEvent::enabled, 90);
  flight.add(FlightEvent::after, 100, 2);
  EXPECT_THAT(callbacks(), ElementsAre("2 from 10 to 20 or later"));
}

TEST_F(FlightReplay, shows_callbacks_that_lie_partly_in_the_time_asked_for) {
  flight.add(FlightEvent::before, 2000, 2);
  flight.add(FlightEvent::after, 3000, 2);
  flight.add(FlightEvent::before, 4000, 3);
  flight.add(FlightEvent::after, 8000, 3);
  options.since = 3000;
  EXPECT_THAT(callbacks(), ElementsAre("3 from 4000 to 8000"));
}

/// Counts the arrows at both of their ends.
class Arrows : public trace::Report {
 public:
  void event(const trace::Event&, bool, trace::Life*, const trace::Life*, std::size_t) override {}
  void callback(const trace::Callback& one) override {
    begun += one.caused.size();
    if (!one.first_of) return;
    if (one.first_of->arrow == trace::Arrow::kept) ++ended;
    if (one.first_of->arrow == trace::Arrow::dropped) ++dropped;
  }
  void end(const trace::Ending&) override {}

  std::size_t begun = 0, ended = 0, dropped = 0;
};

TEST_F(FlightReplay, has_no_more_arrows_than_anybody_can_see) {
  constexpr std::uint64_t made = trace::Replay::arrows_max + 10;
  trace::Recording recording(file(flight));
  const trace::Filter filter(options, recording);
  Arrows report;
  trace::Replay replay(filter, report);
  const auto add = [&](FlightEvent event, std::uint64_t id) {
    replay.next({2000, id, 1, 0, event, 0, 0});
  };
  add(FlightEvent::before, 2);
  for (std::uint64_t id = 3; id < 3 + made; ++id) add(FlightEvent::init, id);
  add(FlightEvent::after, 2);
  for (std::uint64_t id = 3; id < 3 + made; ++id) {
    add(FlightEvent::before, id);
    add(FlightEvent::after, id);
  }
  EXPECT_EQ(report.begun, trace::Replay::arrows_max);
  EXPECT_EQ(report.ended, trace::Replay::arrows_max);
  EXPECT_EQ(report.dropped, 10u);
}

TEST(FlightDuration, is_a_number_and_a_unit) {
  EXPECT_EQ(parse_duration("500ms"), 500'000'000);
  EXPECT_EQ(parse_duration("1.5s"), 1'500'000'000);
  EXPECT_EQ(parse_duration("10us"), 10'000);
  EXPECT_EQ(parse_duration("7ns"), 7);
  EXPECT_EQ(parse_duration("2m"), 120'000'000'000);
  for (const char* bad : {"", "5", "s", "-1s", "1 s", "1e99s", "nan s", "999999999999h"}) {
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  }
}

TEST(FlightHistogram, knows_percentiles_within_four_percent) {
  trace::Histogram histogram;
  for (int i = 1; i <= 100'000; ++i) histogram.add(i);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(0.5)), 50'000, 2000);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(0.99)), 99'000, 4000);
  EXPECT_EQ(histogram.max(), 100'000u);
}

TEST(FlightHistogram, has_room_for_every_duration) {
  trace::Histogram histogram;
  histogram.add(-5);
  histogram.add(std::int64_t{1} << 62);
  histogram.add(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(histogram.percentile(0), 0u);
  EXPECT_EQ(histogram.count(), 3u);
  EXPECT_EQ(trace::Histogram().percentile(0.5), 0u);
}

TEST(FlightDuration, is_printed_with_three_digits) {
  EXPECT_EQ(trace::duration_text(0), "0 ns");
  EXPECT_EQ(trace::duration_text(999), "999 ns");
  EXPECT_EQ(trace::duration_text(1000), "1.00 us");
  EXPECT_EQ(trace::duration_text(12'345'678), "12.3 ms");
  EXPECT_EQ(trace::duration_text(123'456'789'000), "123 s");
}

}  // namespace
}  // namespace contrail
