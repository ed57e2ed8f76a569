using UnityEngine;

namespace Drifters
{
    /// <summary>The footsteps of one surface: the variants that sfxgen makes of one sound.</summary>
    [CreateAssetMenu(menuName = "Drifters/Footstep Set")]
    public sealed class FootstepSet : ScriptableObject
    {
        [SerializeField] AudioClip[] clips = new AudioClip[0];

        int last = -1;

        /// <summary>Returns a random variant, never the same one twice in a row, or null from an empty set.</summary>
        public AudioClip Next()
        {
            if (clips.Length == 0)
                return null;
            if (clips.Length == 1)
                return clips[0];
            int next = last < 0 ? Random.Range(0, clips.Length) : Random.Range(0, clips.Length - 1);
            if (last >= 0 && next >= last)
                next++;
            last = next;
            return clips[next];
        }
    }
}
