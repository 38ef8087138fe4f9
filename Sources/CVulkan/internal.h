// What the C files share: the function tables and the two objects behind the opaque pointers.
#pragma once
#include "compat.h"

#include "CVulkan.h"
#include "functions.h"

#include <pthread.h>

#define CVK_MEMBER(name) PFN_##name name;

struct cvk_message {
    struct cvk_message *next;
    char *text;
};

struct cvk_instance {
    void *library; // from dlopen
    VkInstance handle;
    VkDebugUtilsMessengerEXT messenger;
    bool debug_utils;
    uint32_t api_version; // asked for; a device's newer functions stay out of reach
    CVK_GLOBAL_FUNCTIONS(CVK_MEMBER)
    CVK_OPTIONAL_GLOBAL_FUNCTIONS(CVK_MEMBER)
    CVK_INSTANCE_FUNCTIONS(CVK_MEMBER)
    CVK_OPTIONAL_INSTANCE_FUNCTIONS(CVK_MEMBER)
    pthread_mutex_t lock; // guards the list below; messages come from any thread
    struct cvk_message *first, **last;
};

struct cvk_device {
    cvk_instance *instance;
    VkPhysicalDevice physical;
    VkDevice handle;
    VkQueue queue;
    uint32_t queue_family;
    bool memory_budget;
    CVK_DEVICE_FUNCTIONS(CVK_MEMBER)
};

// Non-dispatchable handles are pointers on 64-bit machines and integers elsewhere; a C cast serves for both.
#define CVK_HANDLE(type, wrapped) ((type)(uintptr_t)(wrapped).value)
#define CVK_VALUE(handle) ((uint64_t)(uintptr_t)(handle))

VkResult cvk_physical_device_at(cvk_instance *instance, uint32_t index, VkPhysicalDevice *physical);

// Whether the device lists the extension.
bool cvk_has_extension(cvk_instance *instance, VkPhysicalDevice physical, const char *name);
