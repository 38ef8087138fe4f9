// The loader, the instance and what the validation layers say. Swift cannot do this itself: function pointers by name, a callback in C.
#include "internal.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void explain(char *message, size_t size, const char *format, const char *detail) {
    if (size > 0) snprintf(message, size, format, detail);
}

// Called by the layers from whatever thread made the mistake; never throws, never blocks on Vulkan.
static VkBool32 VKAPI_PTR remember(VkDebugUtilsMessageSeverityFlagBitsEXT severity, VkDebugUtilsMessageTypeFlagsEXT types,
                                   const VkDebugUtilsMessengerCallbackDataEXT *data, void *user) {
    cvk_instance *instance = user;
    struct cvk_message *message = calloc(1, sizeof *message);
    if (message) message->text = strdup(data->pMessage ? data->pMessage : "(no text)");
    if (!message || !message->text) {
        free(message);
        return VK_FALSE;
    }
    pthread_mutex_lock(&instance->lock);
    *instance->last = message;
    instance->last = &message->next;
    pthread_mutex_unlock(&instance->lock);
    return VK_FALSE;
}

char *cvk_instance_take_message(cvk_instance *instance) {
    pthread_mutex_lock(&instance->lock);
    struct cvk_message *message = instance->first;
    if (message) {
        instance->first = message->next;
        if (!instance->first) instance->last = &instance->first;
    }
    pthread_mutex_unlock(&instance->lock);
    if (!message) return NULL;
    char *text = message->text;
    free(message);
    return text;
}

// The lookup function of a loader, or of a driver opened without one.
static PFN_vkGetInstanceProcAddr find_lookup(void *library) {
    void *symbol = dlsym(library, "vkGetInstanceProcAddr");
    if (symbol) return (PFN_vkGetInstanceProcAddr)symbol;
    symbol = dlsym(library, "vk_icdGetInstanceProcAddr");
    if (!symbol) return NULL;
    void *negotiate = dlsym(library, "vk_icdNegotiateLoaderICDInterfaceVersion");
    if (negotiate) { // newer drivers want to hear a version before anything else
        uint32_t version = 5;
        ((VkResult(VKAPI_PTR *)(uint32_t *))negotiate)(&version);
    }
    return (PFN_vkGetInstanceProcAddr)symbol;
}

static bool has_layer(cvk_instance *instance, const char *name) {
    uint32_t count = 0;
    if (!instance->vkEnumerateInstanceLayerProperties) return false;
    if (instance->vkEnumerateInstanceLayerProperties(&count, NULL) < 0 || count == 0) return false;
    VkLayerProperties *layers = calloc(count, sizeof *layers);
    if (!layers) return false;
    bool found = false;
    if (instance->vkEnumerateInstanceLayerProperties(&count, layers) >= 0)
        for (uint32_t i = 0; i < count; i++) found |= strcmp(layers[i].layerName, name) == 0;
    free(layers);
    return found;
}

static bool has_instance_extension(cvk_instance *instance, const char *layer, const char *name) {
    uint32_t count = 0;
    if (instance->vkEnumerateInstanceExtensionProperties(layer, &count, NULL) < 0 || count == 0) return false;
    VkExtensionProperties *extensions = calloc(count, sizeof *extensions);
    if (!extensions) return false;
    bool found = false;
    if (instance->vkEnumerateInstanceExtensionProperties(layer, &count, extensions) >= 0)
        for (uint32_t i = 0; i < count; i++) found |= strcmp(extensions[i].extensionName, name) == 0;
    free(extensions);
    return found;
}

static const char validation_layer[] = "VK_LAYER_KHRONOS_validation";

static VkResult create(cvk_instance *instance, PFN_vkGetInstanceProcAddr lookup, bool validation, char *message, size_t message_size) {
#define CVK_LOOKUP(name)                                                                                                                \
    instance->name = (PFN_##name)lookup(instance->handle, #name);                                                                       \
    if (!instance->name) {                                                                                                              \
        explain(message, message_size, "%s is missing", #name);                                                                         \
        return VK_ERROR_INITIALIZATION_FAILED;                                                                                          \
    }
    // vkEnumerateInstanceVersion is absent in Vulkan 1.0 only, where asking for 1.1 or later would be refused.
    PFN_vkEnumerateInstanceVersion version_function = (PFN_vkEnumerateInstanceVersion)lookup(NULL, "vkEnumerateInstanceVersion");
    uint32_t version = VK_API_VERSION_1_0;
    if (version_function) version_function(&version);
    if (version < VK_API_VERSION_1_2) {
        explain(message, message_size, "%s", "the Vulkan loader is older than Vulkan 1.2");
        return VK_ERROR_INCOMPATIBLE_DRIVER;
    }
    CVK_GLOBAL_FUNCTIONS(CVK_LOOKUP)
    instance->vkEnumerateInstanceLayerProperties =
        (PFN_vkEnumerateInstanceLayerProperties)lookup(NULL, "vkEnumerateInstanceLayerProperties");

    if (validation && !has_layer(instance, validation_layer)) {
        explain(message, message_size, "%s", validation_layer);
        return VK_ERROR_LAYER_NOT_PRESENT;
    }
    const char *extensions[2];
    uint32_t extension_count = 0;
    if (has_instance_extension(instance, NULL, VK_EXT_DEBUG_UTILS_EXTENSION_NAME) ||
        (validation && has_instance_extension(instance, validation_layer, VK_EXT_DEBUG_UTILS_EXTENSION_NAME))) {
        extensions[extension_count++] = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
        instance->debug_utils = true;
    }
    if (validation && has_instance_extension(instance, validation_layer, VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME))
        extensions[extension_count++] = VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME;

    instance->api_version = version < VK_API_VERSION_1_3 ? VK_API_VERSION_1_2 : VK_API_VERSION_1_3;
    const VkApplicationInfo application = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = "vkternary",
        .pEngineName = "vkternary",
        .apiVersion = instance->api_version,
    };
    const VkDebugUtilsMessengerCreateInfoEXT messenger = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
        .pfnUserCallback = remember,
        .pUserData = instance,
    };
    const VkValidationFeatureEnableEXT synchronisation = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    const VkValidationFeaturesEXT features = {
        .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
        .enabledValidationFeatureCount = 1,
        .pEnabledValidationFeatures = &synchronisation,
    };
    const char *layers[] = {validation_layer};
    const VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pNext = validation ? &features : NULL,
        .pApplicationInfo = &application,
        .enabledLayerCount = validation ? 1 : 0,
        .ppEnabledLayerNames = layers,
        .enabledExtensionCount = extension_count,
        .ppEnabledExtensionNames = extensions,
    };
    VkResult result = instance->vkCreateInstance(&info, NULL, &instance->handle);
    if (result < 0) {
        explain(message, message_size, "%s", "vkCreateInstance failed");
        instance->handle = VK_NULL_HANDLE;
        return result;
    }
    CVK_INSTANCE_FUNCTIONS(CVK_LOOKUP)
#undef CVK_LOOKUP
#define CVK_LOOKUP(name) instance->name = (PFN_##name)lookup(instance->handle, #name);
    CVK_OPTIONAL_INSTANCE_FUNCTIONS(CVK_LOOKUP)
#undef CVK_LOOKUP
    instance->debug_utils &= instance->vkSetDebugUtilsObjectNameEXT != NULL;
    if (validation) {
        if (!instance->vkCreateDebugUtilsMessengerEXT || !instance->vkDestroyDebugUtilsMessengerEXT) {
            explain(message, message_size, "%s", "the validation layer has no VK_EXT_debug_utils");
            return VK_ERROR_LAYER_NOT_PRESENT;
        }
        result = instance->vkCreateDebugUtilsMessengerEXT(instance->handle, &messenger, NULL, &instance->messenger);
        if (result < 0) explain(message, message_size, "%s", "vkCreateDebugUtilsMessengerEXT failed");
    }
    return result;
}

int32_t cvk_instance_create(const char *library, bool validation, cvk_instance **out, bool *loaded, char *message,
                            size_t message_size) {
    *out = NULL;
    *loaded = false;
    cvk_instance *instance = calloc(1, sizeof *instance);
    if (!instance) return VK_ERROR_OUT_OF_HOST_MEMORY;
    pthread_mutex_init(&instance->lock, NULL);
    instance->last = &instance->first;
    instance->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!instance->library) {
        const char *reason = dlerror();
        explain(message, message_size, "%s", reason ? reason : library);
        cvk_instance_destroy(instance);
        return VK_ERROR_INITIALIZATION_FAILED;
    }
    PFN_vkGetInstanceProcAddr lookup = find_lookup(instance->library);
    if (!lookup) {
        explain(message, message_size, "%s is neither a Vulkan loader nor a Vulkan driver", library);
        cvk_instance_destroy(instance);
        return VK_ERROR_INITIALIZATION_FAILED;
    }
    *loaded = true;
    const VkResult result = create(instance, lookup, validation, message, message_size);
    if (result < 0) {
        cvk_instance_destroy(instance);
        return result;
    }
    *out = instance;
    return VK_SUCCESS;
}

void cvk_instance_destroy(cvk_instance *instance) {
    if (instance->messenger) instance->vkDestroyDebugUtilsMessengerEXT(instance->handle, instance->messenger, NULL);
    if (instance->handle && instance->vkDestroyInstance) instance->vkDestroyInstance(instance->handle, NULL);
    for (char *text; (text = cvk_instance_take_message(instance));) free(text);
    pthread_mutex_destroy(&instance->lock);
    // The library stays open: drivers leave threads and thread-local destructors behind, and unloading their code under those crashes.
    free(instance);
}

int32_t cvk_physical_device_count(cvk_instance *instance, uint32_t *count) {
    return instance->vkEnumeratePhysicalDevices(instance->handle, count, NULL);
}

VkResult cvk_physical_device_at(cvk_instance *instance, uint32_t index, VkPhysicalDevice *physical) {
    uint32_t count = 0;
    VkResult result = instance->vkEnumeratePhysicalDevices(instance->handle, &count, NULL);
    if (result < 0) return result;
    if (index >= count) return VK_ERROR_INITIALIZATION_FAILED;
    VkPhysicalDevice *devices = calloc(count, sizeof *devices);
    if (!devices) return VK_ERROR_OUT_OF_HOST_MEMORY;
    result = instance->vkEnumeratePhysicalDevices(instance->handle, &count, devices);
    if (result >= 0 && index < count) *physical = devices[index];
    else if (result >= 0) result = VK_ERROR_INITIALIZATION_FAILED;
    free(devices);
    return result < 0 ? result : VK_SUCCESS;
}

bool cvk_has_extension(cvk_instance *instance, VkPhysicalDevice physical, const char *name) {
    uint32_t count = 0;
    if (instance->vkEnumerateDeviceExtensionProperties(physical, NULL, &count, NULL) < 0 || count == 0) return false;
    VkExtensionProperties *extensions = calloc(count, sizeof *extensions);
    if (!extensions) return false;
    bool found = false;
    if (instance->vkEnumerateDeviceExtensionProperties(physical, NULL, &count, extensions) >= 0)
        for (uint32_t i = 0; i < count; i++) found |= strcmp(extensions[i].extensionName, name) == 0;
    free(extensions);
    return found;
}
