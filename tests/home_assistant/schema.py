"""Run by a Home Assistant's own Python: what the core itself says that it accepts, as JSON."""

import importlib
import json
import sys

import voluptuous
from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.components.mqtt import device_trigger, schemas
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.components.sensor.const import DEVICE_CLASS_UNITS

PLATFORMS = ("binary_sensor", "button", "event", "number", "select", "sensor")


def keys(schema):
    """Of a schema that may be wrapped."""
    if isinstance(schema, voluptuous.All):
        return set().union(
            *(keys(one) for one in schema.validators if isinstance(one, voluptuous.All | voluptuous.Schema))
        )
    return {str(key) for key in schema.schema}


known = {
    name: keys(importlib.import_module(f"homeassistant.components.mqtt.{name}").DISCOVERY_SCHEMA) for name in PLATFORMS
}
known["device_automation"] = keys(device_trigger.TRIGGER_DISCOVERY_SCHEMA)
known["device"] = keys(schemas.MQTT_ENTITY_DEVICE_INFO_SCHEMA)
known["top"] = keys(schemas.DEVICE_DISCOVERY_SCHEMA)
known["origin"] = keys(schemas.MQTT_ORIGIN_INFO_SCHEMA)
json.dump(
    {
        "keys": {name: sorted(of) for name, of in known.items()},
        "sensor_classes": sorted(SensorDeviceClass),
        "binary_sensor_classes": sorted(BinarySensorDeviceClass),
        "durations": sorted(DEVICE_CLASS_UNITS[SensorDeviceClass.DURATION]),
    },
    sys.stdout,
)
