#include "queue/quarantine.hpp"

#include "base/sys/file.hpp"
#include "base/sys/lock.hpp"
#include "base/text.hpp"
#include "queue/envelope_intake.hpp"

#include <fcntl.h>

#include <algorithm>

namespace grapnel::queue {

namespace {

// Written form of an envelope: every octet of a record may take three, and todo repeats the pid.
constexpr std::size_t longest_file = 4 * longest_envelope;

std::string message_path(const std::string& id) { return "quarantine/" + id + ".mess"; }
std::string envelope_path(const std::string& id) { return "quarantine/" + id + ".env"; }

std::string_view held(const Todo& envelope)
{
    const auto* record = envelope.extensions.message.find("held");
    return record ? std::string_view(*record) : std::string_view();
}

}

std::string_view HeldMail::scanner() const
{
    const auto record = held(envelope);
    return record.substr(0, record.find('/'));
}

std::string_view HeldMail::reason() const
{
    const auto record = held(envelope);
    const auto slash = record.find('/');
    return slash == std::string_view::npos ? std::string_view() : record.substr(slash + 1);
}

Quarantine::Quarantine() : directory_(open_file("quarantine", O_RDONLY | O_DIRECTORY)) {}

void Quarantine::lock() const { grapnel::lock(directory_.get()); }

// Ids rise with time. A message without its envelope is one that is just coming, or what an
// interrupted commit left.
std::vector<std::string> Quarantine::ids() const
{
    std::vector<std::string> result;
    for (const auto& name : list_directory("quarantine")) {
        const auto dot = name.rfind('.');
        if (dot == std::string::npos || name.substr(dot) != ".env") continue;
        if (const auto id = name.substr(0, dot); is_uuid(id)) result.push_back(id);
    }
    std::sort(result.begin(), result.end());
    return result;
}

Result<std::optional<HeldMail>> Quarantine::look(const std::string& id) const
{
    const auto file = open_if_there(envelope_path(id));
    const auto message = status_if_there(message_path(id));
    if (!file || !message) return std::optional<HeldMail>();
    auto todo = decode_todo(read_all(file->get(), longest_file, envelope_path(id)));
    if (!todo) return todo.error();
    HeldMail mail{id, status(file->get()).st_mtime, static_cast<std::uint64_t>(message->st_size)};
    mail.envelope = std::move(*todo);
    return std::optional(std::move(mail));
}

Fd Quarantine::open_message(const std::string& id) const { return open_read(message_path(id)); }

// The envelope first, and for good: it alone makes a message of the two.
bool Quarantine::remove(const std::string& id) const
{
    const bool envelope = remove_file(envelope_path(id));
    if (envelope) sync(directory_.get(), "quarantine");
    const bool message = remove_file(message_path(id));
    if (message) sync(directory_.get(), "quarantine");
    return envelope || message;
}

}
