#include "support/fake_dns.hpp"

#include "base/sys/error.hpp"
#include "base/text.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace grapnel::test {

namespace {

enum Type : std::uint16_t {
    type_a = 1,
    type_cname = 5,
    type_ptr = 12,
    type_mx = 15,
    type_txt = 16,
    type_aaaa = 28,
    type_rrsig = 46
};

std::string number16(unsigned value)
{
    return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string encode_name(std::string_view name)
{
    std::string wire;
    if (name.ends_with('.')) name.remove_suffix(1);
    if (!name.empty())
        for (const auto label : split(name, '.'))
            wire += static_cast<char>(label.size()) + std::string(label);
    return wire + '\0';
}

std::string type_word(unsigned type)
{
    switch (type) {
    case type_a:
        return "A";
    case type_cname:
        return "CNAME";
    case type_ptr:
        return "PTR";
    case type_mx:
        return "MX";
    case type_txt:
        return "TXT";
    case type_aaaa:
        return "AAAA";
    default:
        return "TYPE" + std::to_string(type);
    }
}

std::string plain(const std::string& name)
{
    return lower(name.ends_with('.') && name.size() > 1 ? name.substr(0, name.size() - 1) : name);
}

std::string address_bytes(int family, const std::string& text)
{
    std::array<char, 16> bytes{};
    if (::inet_pton(family, text.c_str(), bytes.data()) != 1)
        throw std::invalid_argument("no address: " + text);
    return {bytes.data(), family == AF_INET ? 4u : 16u};
}

// The question's name, without the last dot; *end: where its type begins. Throws std::out_of_range.
std::string question_name(std::string_view packet, std::size_t& end)
{
    std::string name;
    std::size_t at = 12;
    while (const auto length = static_cast<unsigned char>(std::string(packet).at(at))) {
        if (!name.empty()) name += '.';
        name += packet.substr(at + 1, length);
        at += 1u + length;
    }
    end = at + 1;
    if (packet.size() < end + 4) throw std::out_of_range("question");
    return lower(name);
}

}

FakeDns::FakeDns()
{
    for (int tries = 0; tries < 100 && !udp_; ++tries) {
        tcp_ = listen_on_loopback();
        port_ = port_of(tcp_.get());
        udp_ = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port_);
        if (::bind(udp_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            udp_.reset();
    }
    if (!udp_) throw_error(EADDRINUSE, "bind a name server");
    thread_ = std::thread([this] { serve(); });
}

FakeDns::~FakeDns()
{
    stopping_ = true;
    thread_.join();
}

FakeDns& FakeDns::add(const std::string& name, std::uint16_t type, std::string data)
{
    const std::lock_guard guard(mutex_);
    records_[{plain(name), type}].push_back(std::move(data));
    return *this;
}

FakeDns& FakeDns::add_a(const std::string& name, const std::string& address)
{
    return add(name, type_a, address_bytes(AF_INET, address));
}
FakeDns& FakeDns::add_aaaa(const std::string& name, const std::string& address)
{
    return add(name, type_aaaa, address_bytes(AF_INET6, address));
}
FakeDns& FakeDns::add_mx(const std::string& name, unsigned preference, const std::string& host)
{
    return add(name, type_mx, number16(preference) + encode_name(host));
}
FakeDns& FakeDns::add_cname(const std::string& name, const std::string& target)
{
    return add(name, type_cname, encode_name(target));
}
FakeDns& FakeDns::add_ptr(const std::string& name, const std::string& target)
{
    return add(name, type_ptr, encode_name(target));
}
FakeDns& FakeDns::add_txt(const std::string& name, const std::string& text)
{
    return add(name, type_txt, static_cast<char>(text.size()) + text);
}

FakeDns& FakeDns::add_signed(const std::string& name, std::uint16_t type, const std::string& data,
                             const std::string& signature)
{
    {
        const std::lock_guard guard(mutex_);
        signatures_[{plain(name), type}] = signature;
    }
    return add(name, type, data);
}

std::string FakeDns::encoded(std::string_view name) { return encode_name(name); }

FakeDns& FakeDns::mark(const std::string& name, Special what)
{
    const std::lock_guard guard(mutex_);
    special_[plain(name)] = what;
    return *this;
}

FakeDns& FakeDns::servfail(const std::string& name) { return mark(name, Special::servfail); }
FakeDns& FakeDns::bogus(const std::string& name) { return mark(name, Special::bogus); }
FakeDns& FakeDns::truncated(const std::string& name) { return mark(name, Special::truncated); }
FakeDns& FakeDns::silent(const std::string& name) { return mark(name, Special::silent); }

FakeDns& FakeDns::silence(bool on)
{
    const std::lock_guard guard(mutex_);
    silent_ = on;
    return *this;
}

std::vector<std::string> FakeDns::questions() const
{
    const std::lock_guard guard(mutex_);
    return questions_;
}

void FakeDns::serve()
{
    while (!stopping_) {
        std::array<pollfd, 2> entries{{{udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}}};
        if (::poll(entries.data(), entries.size(), 20) <= 0) continue;
        if (entries[1].revents)
            answer_tcp(Fd(::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC)).get());
        if (!entries[0].revents) continue;
        std::array<char, 4096> packet;
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        const ssize_t count = ::recvfrom(udp_.get(), packet.data(), packet.size(), 0,
                                         reinterpret_cast<sockaddr*>(&peer), &size);
        if (count <= 0) continue;
        const auto reply = answer({packet.data(), static_cast<std::size_t>(count)}, false);
        if (!reply.empty())
            ::sendto(udp_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&peer),
                     size);
    }
}

void FakeDns::answer_tcp(int socket)
{
    std::string bytes;
    std::array<char, 4096> more;
    while (readable(socket, milliseconds(200))) {
        const ssize_t count = ::recv(socket, more.data(), more.size(), 0);
        if (count <= 0) return;
        bytes.append(more.data(), static_cast<std::size_t>(count));
        if (bytes.size() < 2) continue;
        const auto length =
            static_cast<unsigned char>(bytes[0]) * 256u + static_cast<unsigned char>(bytes[1]);
        if (bytes.size() < length + 2u) continue;
        const auto reply = answer(std::string_view(bytes).substr(2, length), true);
        if (reply.empty()) return;
        const auto framed = number16(static_cast<unsigned>(reply.size())) + reply;
        ::send(socket, framed.data(), framed.size(), MSG_NOSIGNAL);
        bytes.erase(0, length + 2u);
    }
}

bool FakeDns::exists(const std::string& name) const
{
    for (const auto& [key, data] : records_)
        if (key.first == name || key.first.ends_with('.' + name)) return true;
    return false;
}

std::string FakeDns::records_for(const std::string& name, std::uint16_t type,
                                 std::uint16_t& count) const
{
    std::string wire;
    std::string owner = name;
    for (int chain = 0; chain < 8; ++chain) {
        const auto put = [&](std::uint16_t kind, const std::string& data) {
            wire += encode_name(owner) + number16(kind) + number16(1) + std::string("\0\0\0", 3) +
                    static_cast<char>(lifetime) + number16(static_cast<unsigned>(data.size())) +
                    data;
            ++count;
        };
        if (const auto found = records_.find({owner, type}); found != records_.end()) {
            for (const auto& data : found->second) put(type, data);
            if (const auto by = signatures_.find({owner, type}); by != signatures_.end())
                put(type_rrsig, by->second);
            return wire;
        }
        const auto alias = records_.find({owner, type_cname});
        if (alias == records_.end()) return wire;
        put(type_cname, alias->second.front());
        std::string next;
        for (std::size_t at = 0; alias->second.front()[at] != 0;
             at += 1u + static_cast<unsigned char>(alias->second.front()[at]))
            next += (next.empty() ? "" : ".") +
                    alias->second.front().substr(
                        at + 1, static_cast<unsigned char>(alias->second.front()[at]));
        owner = lower(next);
    }
    return wire;
}

std::string FakeDns::answer(std::string_view packet, bool by_tcp)
try {
    std::size_t end = 0;
    const std::string name = question_name(packet, end);
    const auto type = static_cast<std::uint16_t>(static_cast<unsigned char>(packet[end]) * 256 +
                                                 static_cast<unsigned char>(packet[end + 1]));
    const std::lock_guard guard(mutex_);
    questions_.push_back(type_word(type) + ' ' + name);
    const auto found = special_.find(name);
    const auto is = [&](Special what) { return found != special_.end() && found->second == what; };
    if (silent_ || is(Special::silent) || (is(Special::truncated) && by_tcp)) return "";
    std::uint16_t count = 0;
    std::string records, extra;
    const bool fails = is(Special::servfail) || is(Special::bogus);
    const unsigned code = fails ? 2 : is(Special::truncated) || exists(name) ? 0 : 3;
    if (found == special_.end() && code == 0) records = records_for(name, type, count);
    // OPT with one option: extended error 6.
    if (is(Special::bogus)) extra = std::string("\0\0\x29\4\xd0\0\0\0\0\0\6\0\x0f\0\2\0\6", 17);
    // Response, authoritative, recursion as asked and available.
    const unsigned cut = is(Special::truncated) ? 0x200u : 0;
    const unsigned flags = 0x8480u | cut | (static_cast<unsigned char>(packet[2]) & 1u) << 8 | code;
    std::string reply = std::string(packet.substr(0, 2)) + number16(flags) + number16(1) +
                        number16(count) + number16(0) + number16(extra.empty() ? 0 : 1);
    return reply + std::string(packet.substr(12, end + 4 - 12)) + records + extra;
} catch (const std::out_of_range&) {
    return "";
}

}
