// The logical device with the features that were asked for, its queue and fences.
#include "features.h"

#include <stdlib.h>

// Sets what `mask` asks for and the device has, in structs that hold what the device has.
static void keep_only(struct cvk_features *features, uint64_t mask) {
    const struct cvk_features has = *features;
#define CVK_KEEP(member, bit) features->member = has.member && (mask & (bit)) ? VK_TRUE : VK_FALSE
    features->core.features = (VkPhysicalDeviceFeatures){0};
    features->vulkan11 = (VkPhysicalDeviceVulkan11Features){.sType = has.vulkan11.sType, .pNext = has.vulkan11.pNext};
    features->vulkan12 = (VkPhysicalDeviceVulkan12Features){.sType = has.vulkan12.sType, .pNext = has.vulkan12.pNext};
    CVK_KEEP(core.features.shaderInt16, CVK_FEATURE_INT16);
    CVK_KEEP(core.features.shaderInt64, CVK_FEATURE_INT64);
    CVK_KEEP(vulkan11.storageBuffer16BitAccess, CVK_FEATURE_INT16_STORAGE);
    CVK_KEEP(vulkan12.storageBuffer8BitAccess, CVK_FEATURE_INT8_STORAGE);
    CVK_KEEP(vulkan12.shaderInt8, CVK_FEATURE_INT8);
    CVK_KEEP(vulkan12.shaderFloat16, CVK_FEATURE_FLOAT16);
    CVK_KEEP(vulkan12.bufferDeviceAddress, CVK_FEATURE_BUFFER_DEVICE_ADDRESS);
    CVK_KEEP(vulkan12.shaderBufferInt64Atomics, CVK_FEATURE_INT64_ATOMICS);
    CVK_KEEP(vulkan12.vulkanMemoryModel, CVK_FEATURE_VULKAN_MEMORY_MODEL);
    CVK_KEEP(vulkan12.vulkanMemoryModelDeviceScope, CVK_FEATURE_VULKAN_MEMORY_MODEL);
    CVK_KEEP(vulkan12.scalarBlockLayout, CVK_FEATURE_SCALAR_BLOCK_LAYOUT);
    features->vulkan12.shaderSubgroupExtendedTypes = has.vulkan12.shaderSubgroupExtendedTypes;
    CVK_KEEP(integer_dot.shaderIntegerDotProduct, CVK_FEATURE_INTEGER_DOT_PRODUCT);
    CVK_KEEP(subgroup_size_control.subgroupSizeControl, CVK_FEATURE_SUBGROUP_SIZE_CONTROL);
    CVK_KEEP(subgroup_size_control.computeFullSubgroups, CVK_FEATURE_SUBGROUP_SIZE_CONTROL);
    CVK_KEEP(maintenance4.maintenance4, CVK_FEATURE_MAINTENANCE4);
    CVK_KEEP(cooperative_matrix.cooperativeMatrix, CVK_FEATURE_COOPERATIVE_MATRIX);
    features->cooperative_matrix.cooperativeMatrixRobustBufferAccess = VK_FALSE;
#undef CVK_KEEP
}

int32_t cvk_device_create(cvk_instance *instance, uint32_t index, uint64_t mask, cvk_device **out, const char **call) {
    *out = NULL;
    *call = "vkEnumeratePhysicalDevices";
    VkPhysicalDevice physical = VK_NULL_HANDLE;
    VkResult result = cvk_physical_device_at(instance, index, &physical);
    if (result < 0) return result;

    *call = "vkCreateDevice";
    VkQueueFamilyProperties families[32];
    uint32_t family_count = 32, family = 0;
    instance->vkGetPhysicalDeviceQueueFamilyProperties(physical, &family_count, families);
    while (family < family_count && !(families[family].queueFlags & VK_QUEUE_COMPUTE_BIT)) family++;
    if (family == family_count) return VK_ERROR_INITIALIZATION_FAILED;

    const struct cvk_known known = cvk_known_structs(instance, physical);
    struct cvk_features features;
    cvk_features_chain(&features, &known);
    instance->vkGetPhysicalDeviceFeatures2(physical, &features.core);
    keep_only(&features, mask);

    const char *extensions[8];
    uint32_t extension_count = 0;
    if (!known.vulkan13) {
        if (known.integer_dot) extensions[extension_count++] = VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME;
        if (known.subgroup_size_control) extensions[extension_count++] = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME;
        if (known.maintenance4) extensions[extension_count++] = VK_KHR_MAINTENANCE_4_EXTENSION_NAME;
    }
    if (known.cooperative_matrix) extensions[extension_count++] = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
    if (known.memory_budget) extensions[extension_count++] = VK_EXT_MEMORY_BUDGET_EXTENSION_NAME;

    const float priority = 1;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = &features.core,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = extension_count,
        .ppEnabledExtensionNames = extensions,
    };
    cvk_device *device = calloc(1, sizeof *device);
    if (!device) return VK_ERROR_OUT_OF_HOST_MEMORY;
    device->instance = instance;
    device->physical = physical;
    device->queue_family = family;
    device->memory_budget = known.memory_budget;
    result = instance->vkCreateDevice(physical, &info, NULL, &device->handle);
    if (result < 0) {
        free(device);
        return result;
    }
    *call = NULL;
#define CVK_LOOKUP(name)                                                                                                                \
    device->name = (PFN_##name)instance->vkGetDeviceProcAddr(device->handle, #name);                                                    \
    if (!device->name && !*call) *call = #name;
    CVK_DEVICE_FUNCTIONS(CVK_LOOKUP)
#undef CVK_LOOKUP
    if (*call) { // a driver without a function that Vulkan 1.2 demands
        if (device->vkDestroyDevice) device->vkDestroyDevice(device->handle, NULL);
        free(device);
        return VK_ERROR_INITIALIZATION_FAILED;
    }
    device->vkGetDeviceQueue(device->handle, family, 0, &device->queue);
    *out = device;
    return VK_SUCCESS;
}

void cvk_device_destroy(cvk_device *device) {
    device->vkDestroyDevice(device->handle, NULL);
    free(device);
}

int32_t cvk_device_wait_idle(cvk_device *device) { return device->vkDeviceWaitIdle(device->handle); }

bool cvk_device_memory_budget(cvk_device *device, uint64_t budget[16], uint64_t usage[16]) {
    if (!device->memory_budget) return false;
    VkPhysicalDeviceMemoryBudgetPropertiesEXT heaps = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
    VkPhysicalDeviceMemoryProperties2 memory = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
        .pNext = &heaps,
    };
    device->instance->vkGetPhysicalDeviceMemoryProperties2(device->physical, &memory);
    for (int i = 0; i < 16; i++) {
        budget[i] = heaps.heapBudget[i];
        usage[i] = heaps.heapUsage[i];
    }
    return true;
}

int32_t cvk_fence_create(cvk_device *device, cvk_fence *fence) {
    const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkFence handle = VK_NULL_HANDLE;
    const VkResult result = device->vkCreateFence(device->handle, &info, NULL, &handle);
    fence->value = CVK_VALUE(handle);
    return result;
}

void cvk_fence_destroy(cvk_device *device, cvk_fence fence) {
    device->vkDestroyFence(device->handle, CVK_HANDLE(VkFence, fence), NULL);
}

int32_t cvk_fence_status(cvk_device *device, cvk_fence fence) {
    return device->vkGetFenceStatus(device->handle, CVK_HANDLE(VkFence, fence));
}

int32_t cvk_fence_reset(cvk_device *device, cvk_fence fence) {
    const VkFence handle = CVK_HANDLE(VkFence, fence);
    return device->vkResetFences(device->handle, 1, &handle);
}

int32_t cvk_fence_wait(cvk_device *device, cvk_fence fence, uint64_t timeout_nanoseconds) {
    const VkFence handle = CVK_HANDLE(VkFence, fence);
    return device->vkWaitForFences(device->handle, 1, &handle, VK_TRUE, timeout_nanoseconds);
}

int32_t cvk_queue_submit(cvk_device *device, cvk_commands commands, cvk_fence fence) {
    const VkCommandBuffer buffer = commands.value;
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &buffer,
    };
    return device->vkQueueSubmit(device->queue, 1, &info, CVK_HANDLE(VkFence, fence));
}
