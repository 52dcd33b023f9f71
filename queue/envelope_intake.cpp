#include "queue/envelope_intake.hpp"

#include "base/mail/address.hpp"
#include "base/sys/error.hpp"
#include "base/text.hpp"
#include "queue/exit_code.hpp"
#include "queue/records.hpp"
#include "queue/taps.hpp"
#include "queue/trouble.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace grapnel::queue {

namespace {
constexpr std::size_t kept_in_memory = 65536;
}

AddressStore::~AddressStore()
{
    if (named_) ::unlink(scratch_.c_str());
}

void AddressStore::append(char letter, std::string_view address)
{
    buffer_ += letter;
    buffer_.append(address) += '\0';
    if (buffer_.size() < kept_in_memory) return;
    if (!file_) {
        file_ = open_file(scratch_, O_RDWR | O_CREAT | O_EXCL, 0600);
        named_ = true;
        remove_file(scratch_);
        named_ = false;
    }
    write_all(file_.get(), buffer_, "envelope");
    buffer_.clear();
}

std::optional<std::string> AddressStore::next()
{
    if (!file_) {
        auto rest = std::string_view(buffer_).substr(read_);
        const auto record = take_until(rest, '\0');
        if (!record) return std::nullopt;
        read_ += record->size() + 1;
        return std::string(*record);
    }
    if (!reader_) {
        write_all(file_.get(), buffer_, "envelope");
        if (::lseek(file_.get(), 0, SEEK_SET) != 0) throw_errno("unable to seek in", "envelope");
        reader_.emplace(file_.get());
    }
    return reader_->record('\0', longest_address + 1);
}

EnvelopeIntake::EnvelopeIntake(int todo, std::uint64_t uid, std::uint64_t pid, std::string scratch,
                               const Taps* taps)
    : uid_(uid), pid_(pid), store_(std::move(scratch)), taps_(taps), todo_(todo, "intd")
{
}

void EnvelopeIntake::feed(std::string_view bytes)
{
    fed_ += bytes.size();
    if (fed_ > longest_envelope) stop(exit_code::refused);
    attempt(exit_code::write_error, [&] {
        take_addresses(bytes);
        take_block(bytes);
    });
}

void EnvelopeIntake::take_addresses(std::string_view& bytes)
{
    while (auto item = addresses_.take(bytes)) {
        if (item->letter == '\0') {
            add_tap();
            break;
        }
        if (item->letter == 'T' && ++recipient_count_ > most_recipients) stop(exit_code::refused);
        if (taps_ && !tap_) tap_ = taps_->find(item->letter, item->address);
        store_.append(item->letter, item->address);
    }
    if (addresses_.problem() == EnvelopeReader::Problem::too_long)
        stop(exit_code::address_too_long);
    if (addresses_.problem() == EnvelopeReader::Problem::malformed) stop(exit_code::bad_envelope);
}

// Behind all that were given: records of recipients count these only.
void EnvelopeIntake::add_tap()
{
    given_ = recipient_count_;
    if (!tap_) return;
    store_.append('T', *tap_);
    ++recipient_count_;
}

void EnvelopeIntake::take_block(std::string_view& bytes)
{
    if (!addresses_.ended() || bytes.empty()) return;
    if (!block_begun_) block_.emplace(given_);
    block_begun_ = true;
    while (auto level = block_->take(bytes)) merge(std::move(*level));
    if (block_->problem() == ExtensionReader::Problem::malformed) stop(exit_code::bad_envelope);
}

// Levels come in the order in which they stand in todo.
void EnvelopeIntake::merge(ExtensionReader::Level&& level)
{
    if (!level.recipient) {
        message_level_ = std::move(level.extensions);
        return;
    }
    if (!head_written_) write_head();
    while (written_ <= *level.recipient) write_recipient();
    todo_.write(encode_todo_tail(pid_, level.extensions));
}

void EnvelopeIntake::write_head()
{
    const auto sender = store_.next();
    if (!sender) stop(exit_code::internal);
    todo_.write(encode_todo_head(uid_, pid_, message_level_, std::string_view(*sender).substr(1)));
    head_written_ = true;
}

bool EnvelopeIntake::write_recipient()
{
    const auto record = store_.next();
    if (!record && written_ < recipient_count_) stop(exit_code::internal);
    if (!record) return false;
    todo_.write(*record + '\0');
    ++written_;
    return true;
}

void EnvelopeIntake::finish()
{
    if (!addresses_.ended()) stop(exit_code::read_error);
    attempt(exit_code::write_error, [&] {
        if (block_begun_)
            if (auto level = block_->finish()) merge(std::move(*level));
        if (block_begun_ && block_->problem() != ExtensionReader::Problem::none)
            stop(exit_code::read_error);
        if (!head_written_) write_head();
        while (write_recipient()) continue;
        todo_.flush();
    });
}

}
