#include "bounded.hpp"

#include "support/temp_home.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <fstream>
#include <string>

namespace grapnel::test {

namespace {

// "VmHWM:    1234 kB"
std::size_t status(std::string_view field)
{
    const auto text = slurp("/proc/self/status");
    const auto at = text.find("\n" + std::string(field) + ":");
    return std::stoul(text.substr(at + field.size() + 2)) * 1024;
}

void* call(void* work)
{
    (*static_cast<const std::function<void()>*>(work))();
    return nullptr;
}

}

std::size_t memory_of(const std::function<void()>& work)
{
    std::ofstream("/proc/self/clear_refs") << "5";   // the highest so far is forgotten
    const auto before = status("VmRSS");
    pthread_attr_t attributes;
    pthread_t thread;
    EXPECT_EQ(pthread_attr_init(&attributes), 0);
    EXPECT_EQ(pthread_attr_setstacksize(&attributes, small_stack), 0);
    EXPECT_EQ(pthread_create(&thread, &attributes, call, const_cast<std::function<void()>*>(&work)),
              0);
    EXPECT_EQ(pthread_join(thread, nullptr), 0);
    EXPECT_EQ(pthread_attr_destroy(&attributes), 0);
    const auto highest = status("VmHWM");
    return highest > before ? highest - before : 0;
}

}
