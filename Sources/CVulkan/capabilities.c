// pNext chains in, one plain struct out. In Swift each struct of a chain would need its own nested closure to have an address.
#include "features.h"

#include <stdlib.h>
#include <string.h>

struct cvk_known cvk_known_structs(cvk_instance *instance, VkPhysicalDevice physical) {
    VkPhysicalDeviceProperties properties;
    instance->vkGetPhysicalDeviceProperties(physical, &properties);
    const bool vulkan13 = properties.apiVersion >= VK_API_VERSION_1_3 && instance->api_version >= VK_API_VERSION_1_3;
#define CVK_EXTENSION(name) cvk_has_extension(instance, physical, name)
    return (struct cvk_known){
        .vulkan13 = vulkan13,
        .integer_dot = vulkan13 || CVK_EXTENSION(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME),
        .subgroup_size_control = vulkan13 || CVK_EXTENSION(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME),
        .maintenance4 = vulkan13 || CVK_EXTENSION(VK_KHR_MAINTENANCE_4_EXTENSION_NAME),
        .cooperative_matrix = CVK_EXTENSION(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME),
        .memory_budget = CVK_EXTENSION(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME),
    };
#undef CVK_EXTENSION
}

// Puts a struct at the chain's head; every Vulkan struct begins like VkBaseOutStructure.
static void chain(void **head, void *structure, VkStructureType type) {
    VkBaseOutStructure *base = structure;
    base->sType = type;
    base->pNext = *head;
    *head = base;
}

void cvk_features_chain(struct cvk_features *features, const struct cvk_known *known) {
    memset(features, 0, sizeof *features);
    void *head = NULL;
    chain(&head, &features->vulkan11, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES);
    chain(&head, &features->vulkan12, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES);
    if (known->integer_dot)
        chain(&head, &features->integer_dot, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES);
    if (known->subgroup_size_control)
        chain(&head, &features->subgroup_size_control, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES);
    if (known->maintenance4) chain(&head, &features->maintenance4, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_FEATURES);
    if (known->cooperative_matrix)
        chain(&head, &features->cooperative_matrix, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR);
    chain(&head, &features->core, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2);
}

uint64_t cvk_features_mask(const struct cvk_features *features) {
    uint64_t mask = 0;
    if (features->integer_dot.shaderIntegerDotProduct) mask |= CVK_FEATURE_INTEGER_DOT_PRODUCT;
    if (features->vulkan12.shaderInt8) mask |= CVK_FEATURE_INT8;
    if (features->vulkan12.storageBuffer8BitAccess) mask |= CVK_FEATURE_INT8_STORAGE;
    if (features->core.features.shaderInt16) mask |= CVK_FEATURE_INT16;
    if (features->vulkan11.storageBuffer16BitAccess) mask |= CVK_FEATURE_INT16_STORAGE;
    if (features->core.features.shaderInt64) mask |= CVK_FEATURE_INT64;
    if (features->vulkan12.shaderFloat16) mask |= CVK_FEATURE_FLOAT16;
    if (features->vulkan12.bufferDeviceAddress) mask |= CVK_FEATURE_BUFFER_DEVICE_ADDRESS;
    if (features->vulkan12.shaderBufferInt64Atomics) mask |= CVK_FEATURE_INT64_ATOMICS;
    if (features->vulkan12.vulkanMemoryModel && features->vulkan12.vulkanMemoryModelDeviceScope)
        mask |= CVK_FEATURE_VULKAN_MEMORY_MODEL;
    if (features->vulkan12.scalarBlockLayout) mask |= CVK_FEATURE_SCALAR_BLOCK_LAYOUT;
    if (features->subgroup_size_control.subgroupSizeControl && features->subgroup_size_control.computeFullSubgroups)
        mask |= CVK_FEATURE_SUBGROUP_SIZE_CONTROL;
    if (features->maintenance4.maintenance4) mask |= CVK_FEATURE_MAINTENANCE4;
    if (features->cooperative_matrix.cooperativeMatrix) mask |= CVK_FEATURE_COOPERATIVE_MATRIX;
    return mask;
}

static void read_properties(cvk_instance *instance, VkPhysicalDevice physical, const struct cvk_known *known, cvk_capabilities *out) {
    VkPhysicalDeviceProperties2 properties = {0};
    VkPhysicalDeviceVulkan11Properties vulkan11 = {0};
    VkPhysicalDeviceVulkan12Properties vulkan12 = {0};
    VkPhysicalDeviceShaderIntegerDotProductProperties dot = {0};
    VkPhysicalDeviceSubgroupSizeControlProperties subgroups = {0};
    VkPhysicalDeviceMaintenance4Properties maintenance4 = {0};
    VkPhysicalDeviceCooperativeMatrixPropertiesKHR matrix = {0};
    void *head = NULL;
    chain(&head, &vulkan11, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES);
    chain(&head, &vulkan12, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES);
    if (known->integer_dot) chain(&head, &dot, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES);
    if (known->subgroup_size_control)
        chain(&head, &subgroups, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES);
    if (known->maintenance4) chain(&head, &maintenance4, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES);
    if (known->cooperative_matrix) chain(&head, &matrix, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_PROPERTIES_KHR);
    chain(&head, &properties, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2);
    instance->vkGetPhysicalDeviceProperties2(physical, &properties);

    memcpy(out->driver_name, vulkan12.driverName, sizeof out->driver_name - 1);
    memcpy(out->driver_info, vulkan12.driverInfo, sizeof out->driver_info - 1);
    memcpy(out->device_uuid, vulkan11.deviceUUID, 16);
    memcpy(out->driver_uuid, vulkan11.driverUUID, 16);
    out->subgroup_size = vulkan11.subgroupSize;
    if (!(subgroups.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT))
        out->features &= ~(uint64_t)CVK_FEATURE_SUBGROUP_SIZE_CONTROL;
    const bool control = out->features & CVK_FEATURE_SUBGROUP_SIZE_CONTROL;
    out->min_subgroup_size = control ? subgroups.minSubgroupSize : vulkan11.subgroupSize;
    out->max_subgroup_size = control ? subgroups.maxSubgroupSize : vulkan11.subgroupSize;
    out->max_workgroup_subgroups = control ? subgroups.maxComputeWorkgroupSubgroups : 0;
    if (vulkan11.subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) {
        const VkSubgroupFeatureFlags operations = vulkan11.subgroupSupportedOperations;
        const VkSubgroupFeatureFlags shuffles = VK_SUBGROUP_FEATURE_SHUFFLE_BIT | VK_SUBGROUP_FEATURE_SHUFFLE_RELATIVE_BIT;
        if (operations & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT) out->features |= CVK_FEATURE_SUBGROUP_ARITHMETIC;
        if ((operations & shuffles) == shuffles) out->features |= CVK_FEATURE_SUBGROUP_SHUFFLE;
        if (operations & VK_SUBGROUP_FEATURE_BALLOT_BIT) out->features |= CVK_FEATURE_SUBGROUP_BALLOT;
        if (operations & VK_SUBGROUP_FEATURE_CLUSTERED_BIT) out->features |= CVK_FEATURE_SUBGROUP_CLUSTERED;
    }
    if (vulkan12.shaderRoundingModeRTEFloat32) out->features |= CVK_FEATURE_ROUND_TO_NEAREST_FLOAT32;
    if (out->features & CVK_FEATURE_INTEGER_DOT_PRODUCT) {
        if (dot.integerDotProduct4x8BitPackedSignedAccelerated) out->features |= CVK_FEATURE_INTEGER_DOT_ACCELERATED_SIGNED;
        if (dot.integerDotProduct4x8BitPackedMixedSignednessAccelerated) out->features |= CVK_FEATURE_INTEGER_DOT_ACCELERATED_MIXED;
    }
    if (!(matrix.cooperativeMatrixSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT))
        out->features &= ~(uint64_t)CVK_FEATURE_COOPERATIVE_MATRIX;
    out->max_allocation_bytes = vulkan11.maxMemoryAllocationSize;
    out->max_buffer_bytes = known->maintenance4 ? maintenance4.maxBufferSize : vulkan11.maxMemoryAllocationSize;
}

static void read_memory(cvk_instance *instance, VkPhysicalDevice physical, const struct cvk_known *known, cvk_capabilities *out) {
    VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
    VkPhysicalDeviceMemoryProperties2 memory = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
        .pNext = known->memory_budget ? &budget : NULL,
    };
    instance->vkGetPhysicalDeviceMemoryProperties2(physical, &memory);
    const VkPhysicalDeviceMemoryProperties *properties = &memory.memoryProperties;
    out->memory_type_count = properties->memoryTypeCount;
    for (uint32_t i = 0; i < properties->memoryTypeCount && i < 32; i++) {
        out->memory_types[i].flags = properties->memoryTypes[i].propertyFlags;
        out->memory_types[i].heap = properties->memoryTypes[i].heapIndex;
    }
    out->heap_count = properties->memoryHeapCount;
    for (uint32_t i = 0; i < properties->memoryHeapCount && i < 16; i++) {
        const uint64_t left = budget.heapBudget[i] > budget.heapUsage[i] ? budget.heapBudget[i] - budget.heapUsage[i] : 0;
        out->heaps[i].bytes = properties->memoryHeaps[i].size;
        out->heaps[i].free_bytes = known->memory_budget ? left : properties->memoryHeaps[i].size;
        out->heaps[i].device_local = properties->memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT;
    }
}

static void read_queue(cvk_instance *instance, VkPhysicalDevice physical, cvk_capabilities *out) {
    out->queue_family = -1;
    VkQueueFamilyProperties families[32];
    uint32_t count = 32;
    instance->vkGetPhysicalDeviceQueueFamilyProperties(physical, &count, families);
    for (uint32_t i = 0; i < count; i++) {
        if (!(families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) || families[i].queueCount == 0) continue;
        out->queue_family = (int32_t)i;
        out->timestamp_valid_bits = families[i].timestampValidBits;
        if (families[i].timestampValidBits > 0) out->features |= CVK_FEATURE_TIMESTAMPS;
        return;
    }
}

static void read_cooperative_matrices(cvk_instance *instance, VkPhysicalDevice physical, cvk_capabilities *out) {
    if (!(out->features & CVK_FEATURE_COOPERATIVE_MATRIX)) return;
    PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR list = instance->vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR;
    uint32_t count = 0;
    if (!list || list(physical, &count, NULL) < 0 || count == 0) return;
    VkCooperativeMatrixPropertiesKHR *shapes = calloc(count, sizeof *shapes);
    if (!shapes) return;
    for (uint32_t i = 0; i < count; i++) shapes[i].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
    if (list(physical, &count, shapes) >= 0) {
        for (uint32_t i = 0; i < count && out->cooperative_matrix_count < 64; i++) {
            if (shapes[i].scope != VK_SCOPE_SUBGROUP_KHR) continue;
            out->cooperative_matrices[out->cooperative_matrix_count++] = (cvk_cooperative_matrix){
                .m = shapes[i].MSize,
                .n = shapes[i].NSize,
                .k = shapes[i].KSize,
                .a_type = shapes[i].AType,
                .b_type = shapes[i].BType,
                .c_type = shapes[i].CType,
                .result_type = shapes[i].ResultType,
                .saturating = shapes[i].saturatingAccumulation,
            };
        }
    }
    free(shapes);
}

int32_t cvk_physical_device_capabilities(cvk_instance *instance, uint32_t index, cvk_capabilities *out) {
    memset(out, 0, sizeof *out);
    VkPhysicalDevice physical = VK_NULL_HANDLE;
    const VkResult result = cvk_physical_device_at(instance, index, &physical);
    if (result < 0) return result;

    // What Vulkan 1.0 tells is read first: a device below 1.2 does not know the structs of the rest.
    VkPhysicalDeviceProperties properties;
    instance->vkGetPhysicalDeviceProperties(physical, &properties);
    memcpy(out->name, properties.deviceName, sizeof out->name - 1);
    out->type = properties.deviceType;
    out->vendor_id = properties.vendorID;
    out->device_id = properties.deviceID;
    out->driver_version = properties.driverVersion;
    out->api_version = properties.apiVersion;
    memcpy(out->pipeline_cache_uuid, properties.pipelineCacheUUID, 16);
    const VkPhysicalDeviceLimits *limits = &properties.limits;
    out->shared_memory_bytes = limits->maxComputeSharedMemorySize;
    out->max_workgroup_invocations = limits->maxComputeWorkGroupInvocations;
    memcpy(out->max_workgroup_size, limits->maxComputeWorkGroupSize, sizeof out->max_workgroup_size);
    memcpy(out->max_workgroup_count, limits->maxComputeWorkGroupCount, sizeof out->max_workgroup_count);
    out->max_push_constant_bytes = limits->maxPushConstantsSize;
    out->max_stage_storage_buffers = limits->maxPerStageDescriptorStorageBuffers;
    out->max_storage_range = limits->maxStorageBufferRange;
    out->min_storage_offset_alignment = limits->minStorageBufferOffsetAlignment;
    out->max_allocation_count = limits->maxMemoryAllocationCount;
    out->timestamp_period = limits->timestampPeriod;
    read_queue(instance, physical, out);
    if (properties.apiVersion < VK_API_VERSION_1_2) return VK_SUCCESS;

    const struct cvk_known known = cvk_known_structs(instance, physical);
    struct cvk_features features;
    cvk_features_chain(&features, &known);
    instance->vkGetPhysicalDeviceFeatures2(physical, &features.core);
    out->features |= cvk_features_mask(&features);
    if (known.memory_budget) out->features |= CVK_FEATURE_MEMORY_BUDGET;
    read_properties(instance, physical, &known, out);
    read_memory(instance, physical, &known, out);
    read_cooperative_matrices(instance, physical, out);
    return VK_SUCCESS;
}
