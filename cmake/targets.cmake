# The three kinds of target that folders are made of.

# grapnel_library(NAME SOURCES a.cpp … LINK other_library …)
function(grapnel_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC grapnel_options ${arg_LINK})
    set_property(GLOBAL APPEND PROPERTY GRAPNEL_LIBRARIES ${name})
endfunction()

# grapnel_program(qmail-queue [SMALL] [SOURCES qmail-queue.cpp …] LINK library …)
# SMALL: started once per message; links the C++ library statically, which halves the time to start.
function(grapnel_program name)
    cmake_parse_arguments(arg "SMALL" "" "SOURCES;LINK" ${ARGN})
    if(NOT arg_SOURCES)
        set(arg_SOURCES ${name}.cpp)
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE grapnel_options ${arg_LINK})
    if(arg_SMALL)
        target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc)
    endif()
    set_property(GLOBAL APPEND PROPERTY GRAPNEL_PROGRAMS ${name})
endfunction()
