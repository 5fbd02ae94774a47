export { profileApp } from './profile-app.ts';
export { trainModel } from './train-model.ts';
export { promoteModel } from './promote-model.ts';
export { predictQos } from './predict-qos.ts';
export { placementController } from './placement-controller.ts';
export { migrateApp } from './migrate-app.ts';
export { watchFleet } from './watch-fleet.ts';
export { deliverNotices } from './deliver-notices.ts';
