// The few parts of Unity's API that the example's scripts use, enough to compile and run them without Unity.
using System;

namespace UnityEngine
{
    public class Object
    {
        public static implicit operator bool(Object exists) { return !ReferenceEquals(exists, null); }
    }

    public class Component : Object
    {
        public T GetComponent<T>() where T : new() { return new T(); }
    }

    public class MonoBehaviour : Component { }
    public class ScriptableObject : Object { }
    public class AudioClip : Object { public string name; }

    public class AudioSource : Component
    {
        public float pitch { get; set; }
        public void PlayOneShot(AudioClip clip) { }
    }

    public static class Random
    {
        static readonly System.Random Source = new System.Random(1);
        public static int Range(int minInclusive, int maxExclusive)
        {
            return Source.Next(minInclusive, maxExclusive);
        }
        public static float Range(float minInclusive, float maxInclusive)
        {
            return minInclusive + (maxInclusive - minInclusive) * (float)Source.NextDouble();
        }
    }

    public static class Application { public static string dataPath { get; set; } }

    public static class Debug
    {
        public static void Log(object message) { Console.WriteLine("log: " + message); }
        public static void LogWarning(object message) { Console.WriteLine("warning: " + message); }
        public static void LogError(object message) { Console.WriteLine("error: " + message); }
    }

    public sealed class SerializeField : Attribute { }
    public sealed class RangeAttribute : Attribute { public RangeAttribute(float min, float max) { } }
    public sealed class RequireComponent : Attribute { public RequireComponent(Type required) { } }
    public sealed class CreateAssetMenuAttribute : Attribute { public string menuName { get; set; } }
}

namespace UnityEditor
{
    [Flags]
    public enum BuildOptions { None = 0, Development = 1 }

    public sealed class MenuItem : Attribute { public MenuItem(string itemName) { } }

    public static class EditorPrefs
    {
        static readonly System.Collections.Generic.Dictionary<string, string> Values =
            new System.Collections.Generic.Dictionary<string, string>();
        public static string GetString(string key, string defaultValue)
        {
            return Values.ContainsKey(key) ? Values[key] : defaultValue;
        }
        public static void SetString(string key, string value) { Values[key] = value; }
    }

    public static class EditorUtility
    {
        public static string OpenFilePanel(string title, string directory, string extension) { return ""; }
    }
}

namespace UnityEditor.Build
{
    public interface IOrderedCallback { int callbackOrder { get; } }

    public interface IPreprocessBuildWithReport : IOrderedCallback
    {
        void OnPreprocessBuild(Reporting.BuildReport report);
    }

    public class BuildFailedException : Exception
    {
        public BuildFailedException(string message) : base(message) { }
    }
}

namespace UnityEditor.Build.Reporting
{
    public struct BuildSummary { public BuildOptions options { get; set; } }
    public sealed class BuildReport : UnityEngine.Object { public BuildSummary summary { get; set; } }
}
