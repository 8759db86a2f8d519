export { createApi } from "./app.ts";
export { apiConfigSchema, type ApiConfig, type ApiSettings } from "./config.ts";
export type { ApiPorts } from "./ports.ts";
export { createApiService, type ApiService } from "./service.ts";
