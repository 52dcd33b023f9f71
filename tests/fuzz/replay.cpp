// Drives a fuzz target where there is no libFuzzer: each file of the given directories, each of its
// prefixes' ends by doubling steps, then mutations from a fixed seed. An input that kills the
// target is left in ./crash-TARGET.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

constexpr int mutations = 3000;
constexpr std::size_t longest = 64 * 1024;

std::string_view running;
std::string crash_name;

void keep_input()
{
    if (std::FILE* file = std::fopen(crash_name.c_str(), "w")) {
        std::fwrite(running.data(), 1, running.size(), file);
        std::fclose(file);
        std::fprintf(stderr, "the input is in %s\n", crash_name.c_str());
    }
}

void run(std::string_view input)
{
    // A copy of just this size: one byte read beyond it is caught.
    const std::vector<std::uint8_t> exact(input.begin(), input.end());
    running = input;
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::vector<std::string> load(const std::vector<std::string>& directories)
{
    std::vector<std::string> paths;
    for (const auto& directory : directories) {
        std::error_code none;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, none))
            if (entry.is_regular_file()) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> inputs;
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
        if (inputs.back().size() > longest) inputs.back().resize(longest);
    }
    return inputs;
}

class Mutator {
public:
    std::string change(std::string input, const std::vector<std::string>& others)
    {
        for (auto steps = below(4) + 1; steps > 0; --steps) step(input, others);
        if (input.size() > longest) input.resize(longest);
        return input;
    }

    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

private:
    void step(std::string& input, const std::vector<std::string>& others)
    {
        static constexpr std::string_view telling{
            "\0\r\n:;,.@<>()\"\\%=-+ \t\xff\x80TFDKZuphrs0123456789|/&#", 47};
        const auto at = below(input.size() + 1);
        switch (below(7)) {
        case 0:
            input.insert(at, 1, telling[below(telling.size())]);
            break;
        case 1:
            input.insert(at, 1, static_cast<char>(below(256)));
            break;
        case 2:
            input.erase(at, below(16) + 1);
            break;
        case 3:
            input.resize(at);
            break;
        case 4:
            input.insert(at, input.substr(below(input.size() + 1), below(64)));
            break;
        case 5:
            if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
            break;
        default: {
            const auto& other = others[below(others.size())];
            input.resize(at);
            input += other.substr(below(other.size() + 1));
        }
        }
    }

    std::minstd_rand random_{20261122};
};

}

int main(int argc, char** argv)
{
    crash_name = "crash-" + std::filesystem::path(argv[0]).filename().string();
    if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(keep_input);
    for (const int number : {SIGABRT, SIGILL})
        std::signal(number, [](int signal) {
            keep_input();
            std::signal(signal, SIG_DFL);
            std::raise(signal);
        });

    auto inputs = load({argv + 1, argv + argc});
    const auto found = inputs.size();
    inputs.emplace_back();
    for (const auto& input : inputs) {
        run(input);
        for (std::size_t cut = 1; cut < input.size(); cut *= 2) {
            run(std::string_view(input).substr(0, cut));
            run(std::string_view(input).substr(0, input.size() - cut));
        }
    }
    Mutator mutator;
    for (int i = 0; i < mutations; ++i)
        run(mutator.change(inputs[mutator.below(inputs.size())], inputs));
    std::printf("%zu inputs and %d mutations\n", found, mutations);
    return 0;
}
